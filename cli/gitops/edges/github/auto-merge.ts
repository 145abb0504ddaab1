import { OutsideError } from "../../core/ports.ts";
import { wordsOf, type Failure } from "./failure.ts";
import { attemptAt, type Repository } from "./repository.ts";

const lookUp = `
  query($owner: String!, $name: String!, $number: Int!) {
    repository(owner: $owner, name: $name) {
      mergeCommitAllowed
      squashMergeAllowed
      pullRequest(number: $number) { id autoMergeRequest { __typename } }
    }
  }`;

const enable = `
  mutation($input: EnablePullRequestAutoMergeInput!) { enablePullRequestAutoMerge(input: $input) { clientMutationId } }`;

interface LookUpAnswer {
  readonly repository: {
    readonly mergeCommitAllowed: boolean;
    readonly squashMergeAllowed: boolean;
    readonly pullRequest: { readonly id: string; readonly autoMergeRequest: object | null };
  };
}

/**
 * GitHub merges the pull request by itself once the branch's rules are met. Two calls, one where that is asked for already.
 * Throws an OutsideError with GitHub's words where it does not: the repository does not allow it, or the branch has no rule
 * that a merge could wait for.
 */
export async function enableAutoMerge(repository: Repository, number: number): Promise<void> {
  const { owner, name, slug, client } = repository;
  const attempt = attemptAt(repository, `asking for auto-merge of #${number} of ${slug}`, "Pull requests: write");
  const { repository: found } = await client.attempt(attempt, (octokit) =>
    octokit.graphql<LookUpAnswer>(lookUp, { owner, name, number }),
  );
  if (found.pullRequest.autoMergeRequest !== null) return;
  const input = { pullRequestId: found.pullRequest.id, mergeMethod: methodOf(found) };
  await client.attempt(
    attempt,
    (octokit) => octokit.graphql(enable, { input }),
    (failure, cause) => refusalOf(failure, attempt.what, cause),
  );
}

/** Auto-merge does not fall back to a method that the repository allows. A merge keeps our commit, and its trailers, as it is. */
function methodOf({ mergeCommitAllowed, squashMergeAllowed }: LookUpAnswer["repository"]): string {
  if (mergeCommitAllowed) return "MERGE";
  return squashMergeAllowed ? "SQUASH" : "REBASE";
}

function refusalOf(failure: Failure, what: string, cause: unknown): OutsideError | null {
  const unprocessable = failure.kind === "graphql" && failure.errors.some(({ type }) => type === "UNPROCESSABLE");
  if (!unprocessable) return null;
  return new OutsideError(`${what}: GitHub refused it (${wordsOf(failure)})`, {
    retryable: false,
    hint: "allow auto-merge in the repository's settings and require a check or a review on the branch, or merge by hand",
    cause,
  });
}
