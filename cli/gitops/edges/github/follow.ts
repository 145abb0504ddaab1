import { ProblemError, type Problem } from "../../../../schemas/problem.ts";
import type { Check, PullState } from "../../core/follow.ts";
import type { Failure } from "./failure.ts";
import { attemptAt, type Repository } from "./repository.ts";

/** One call a look, however many checks there are; of more than a hundred the first hundred. */
const followQuery = `
  query Follow($owner: String!, $name: String!, $number: Int!) {
    repository(owner: $owner, name: $name) {
      pullRequest(number: $number) {
        number url title state isDraft headRefName baseRefName
        mergeable mergeStateStatus reviewDecision
        autoMergeRequest { __typename }
        mergeCommit { oid }
        commits(last: 1) {
          nodes { commit { statusCheckRollup { contexts(first: 100) { nodes {
            __typename
            ... on CheckRun { name status conclusion detailsUrl isRequired(pullRequestNumber: $number) }
            ... on StatusContext { context state targetUrl isRequired(pullRequestNumber: $number) }
          } } } } }
        }
      }
    }
  }`;

interface FollowAnswer {
  readonly repository: { readonly pullRequest: PullAnswer | null } | null;
}

interface PullAnswer {
  readonly number: number;
  readonly url: string;
  readonly title: string;
  readonly state: "OPEN" | "CLOSED" | "MERGED";
  readonly isDraft: boolean;
  readonly headRefName: string;
  readonly baseRefName: string;
  readonly mergeable: string;
  readonly mergeStateStatus: string;
  readonly reviewDecision: string | null;
  readonly autoMergeRequest: object | null;
  readonly mergeCommit: { readonly oid: string } | null;
  readonly commits: {
    readonly nodes: readonly {
      readonly commit: {
        readonly statusCheckRollup: { readonly contexts: { readonly nodes: readonly (ContextAnswer | null)[] } } | null;
      };
    }[];
  };
}

type ContextAnswer =
  | {
      readonly __typename: "CheckRun";
      readonly name: string;
      readonly status: string;
      readonly conclusion: string | null;
      readonly detailsUrl: string | null;
      readonly isRequired: boolean;
    }
  | {
      readonly __typename: "StatusContext";
      readonly context: string;
      readonly state: string;
      readonly targetUrl: string | null;
      readonly isRequired: boolean;
    };

/** One look at a pull request. A token that may not see its checks sees the rest. */
export async function readPull(repository: Repository, number: number): Promise<PullState> {
  const { owner, name, slug, client } = repository;
  const attempt = attemptAt(repository, `looking at #${number} of ${slug}`, "Pull requests: read");
  let seen: FollowAnswer | null = null;
  try {
    const answer = await client.attempt(
      attempt,
      (octokit) => octokit.graphql<FollowAnswer>(followQuery, { owner, name, number }),
      (failure, cause) => {
        seen = withoutChecks(failure);
        return saysMissing(failure) ? new ProblemError([unknownPull(slug, number)], { cause }) : null;
      },
    );
    return stateOf(pullOf(answer), true);
  } catch (error) {
    if (seen === null) throw error;
    return stateOf(pullOf(seen), false);
  }
}

/** The repository is there, and the number is none of its pull requests. */
function saysMissing(failure: Failure): boolean {
  if (failure.kind !== "graphql") return false;
  return failure.errors.some(({ type, path }) => type === "NOT_FOUND" && path?.at(-1) === "pullRequest");
}

function unknownPull(slug: string, number: number): Problem {
  return {
    code: "pull-request-unknown",
    message: `${slug} has no pull request #${number}`,
    hint: "check the number; the repository is --repo, else the one in mmsp.yaml",
  };
}

/** What came in spite of the errors, where all of these are about the checks. */
function withoutChecks(failure: Failure): FollowAnswer | null {
  if (failure.kind !== "graphql") return null;
  const isAboutChecks = failure.errors.every(({ path }) => path?.includes("statusCheckRollup") === true);
  const data = failure.data as FollowAnswer | null | undefined;
  return isAboutChecks && data?.repository?.pullRequest ? data : null;
}

function pullOf({ repository }: FollowAnswer): PullAnswer {
  const pull = repository?.pullRequest;
  if (pull == null) throw new Error("GitHub's answer lacks the pull request that it did not say is missing");
  return pull;
}

function stateOf(pull: PullAnswer, seesChecks: boolean): PullState {
  const contexts = pull.commits.nodes[0]?.commit.statusCheckRollup?.contexts.nodes ?? [];
  return {
    number: pull.number,
    url: pull.url,
    title: pull.title,
    branch: pull.headRefName,
    base: pull.baseRefName,
    state: states[pull.state],
    isDraft: pull.isDraft,
    merging: mergingOf(pull),
    review: reviews[pull.reviewDecision ?? ""] ?? "none",
    mergesItself: pull.autoMergeRequest !== null,
    checks: seesChecks ? contexts.filter((context) => context !== null).map(checkOf) : null,
    mergedAs: pull.mergeCommit?.oid ?? null,
  };
}

const states = { OPEN: "open", CLOSED: "closed", MERGED: "merged" } as const;

const reviews: Readonly<Record<string, PullState["review"]>> = {
  APPROVED: "approved",
  CHANGES_REQUESTED: "changes-requested",
  REVIEW_REQUIRED: "required",
};

function mergingOf({ mergeable, mergeStateStatus }: PullAnswer): PullState["merging"] {
  if (mergeable === "CONFLICTING" || mergeStateStatus === "DIRTY") return "conflict";
  if (mergeStateStatus === "BEHIND") return "behind";
  if (mergeStateStatus === "BLOCKED") return "blocked";
  // UNSTABLE: a check failed that is not required. HAS_HOOKS: an Enterprise Server runs scripts before it merges.
  return ["CLEAN", "UNSTABLE", "HAS_HOOKS"].includes(mergeStateStatus) ? "ready" : "unknown";
}

const passed = ["SUCCESS", "NEUTRAL", "SKIPPED"];

function checkOf(context: ContextAnswer): Check {
  if (context.__typename === "StatusContext") {
    const { context: name, state, targetUrl: url, isRequired } = context;
    const outcome = passed.includes(state) ? "passed" : ["PENDING", "EXPECTED"].includes(state) ? "pending" : "failed";
    return { name, outcome, isRequired, url };
  }
  const { name, status, conclusion, detailsUrl: url, isRequired } = context;
  if (status !== "COMPLETED") return { name, outcome: "pending", isRequired, url };
  return { name, outcome: passed.includes(conclusion ?? "") ? "passed" : "failed", isRequired, url };
}
