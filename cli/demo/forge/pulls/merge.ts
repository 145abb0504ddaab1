/** Merging a pull request, and bringing its branch up to date. The trees are really merged, by git. */
import { Refusal } from "../fault.ts";
import { commitsBetween } from "../git/history.ts";
import { mergeCommits, rebaseCommits } from "../git/merge.ts";
import { splitMessage, type Commit } from "../git/parse.ts";
import { branchRef, isAncestor, updateRefs } from "../git/refs.ts";
import { rulesFor } from "../rules/rules.ts";
import { mergeViolations, refuseMerge } from "../rules/violations.ts";
import { writeCommit } from "../git/write.ts";
import { accountOf, personOf, webFlow, type Account } from "../users.ts";
import type { Scope, World } from "../world.ts";
import { followBranches } from "./follow.ts";
import { markMerged, type MergeRequest, type PullRequest } from "./store.ts";

export type Mergeability = "clean" | "behind" | "blocked" | "dirty" | "draft" | "unknown";

/** Whether an open pull request could be merged now: GitHub's mergeable_state. */
export async function mergeability(world: World, pull: PullRequest): Promise<Mergeability> {
  if (pull.state === "closed") return "unknown";
  const merged = await mergeCommits(world.repository, pull.baseOid, pull.headOid);
  if ("conflicts" in merged) return "dirty";
  if (pull.draft) return "draft";
  if ((await mergeViolations(world, pull)).length === 0) return "clean";
  const strict = rulesFor(world.settings.rules, pull.baseRef)?.checks?.strict ?? false;
  return strict && !(await isAncestor(world.repository, pull.baseOid, pull.headOid)) ? "behind" : "blocked";
}

/** Merges a pull request and moves its base; answers the commit that the base is at then. */
export async function mergePull(scope: Scope, pull: PullRequest, request: MergeRequest): Promise<string> {
  const { world, user } = scope;
  if (pull.state === "closed") throw new Refusal("not-mergeable", "Pull Request is not mergeable");
  if (pull.draft) throw new Refusal("not-mergeable", "Pull Request is still a draft");
  if (request.headOid !== undefined && request.headOid !== pull.headOid) {
    throw new Refusal("conflict", "Head branch was modified. Review and try the merge again.");
  }
  await refuseMerge(world, user, pull);
  const { baseOid } = pull;
  const actor = accountOf(user);
  const commitOid = await mergedCommit(world, pull, actor, request);
  const moved = await updateRefs(world.repository, [{ name: branchRef(pull.baseRef), to: commitOid, from: baseOid }]);
  if (!moved) throw new Refusal("not-mergeable", "Base branch was modified. Review and try the merge again.");
  // GitHub signs what it commits itself, which a rebase's commits are not.
  if (request.method !== "rebase") world.signed.add(commitOid);
  markMerged(pull, world.now(), actor, commitOid);
  return commitOid;
}

async function mergedCommit(world: World, pull: PullRequest, actor: Account, request: MergeRequest): Promise<string> {
  const { repository } = world;
  const at = world.now();
  const commits = await commitsBetween(repository, pull.baseOid, pull.headOid);
  if (request.method === "rebase") {
    const own = commits.filter((commit) => commit.parents.length === 1);
    const rebased = await rebaseCommits(repository, own, pull.baseOid, personOf(actor, at));
    if ("conflicts" in rebased) throw new Refusal("not-mergeable", "This branch can't be rebased");
    return rebased.tip;
  }
  const merged = await mergeCommits(repository, pull.baseOid, pull.headOid);
  if ("conflicts" in merged) throw new Refusal("not-mergeable", "Pull Request is not mergeable");
  const squash = request.method === "squash";
  const fallback = squash ? squashMessage(pull, commits) : mergeMessage(world, pull);
  return writeCommit(repository, {
    tree: merged.tree,
    parents: squash ? [pull.baseOid] : [pull.baseOid, pull.headOid],
    message: joinMessage(request.title ?? fallback.title, request.message ?? fallback.message),
    author: personOf(squash ? pull.author : actor, at),
    committer: webFlow(at),
  });
}

function mergeMessage(world: World, pull: PullRequest): { title: string; message: string } {
  return { title: `Merge pull request #${pull.number} from ${world.owner}/${pull.headRef}`, message: pull.title };
}

/** GitHub's default: a single commit's own message, else the title and a list of the commits. */
function squashMessage(pull: PullRequest, commits: readonly Commit[]): { title: string; message: string } {
  const [only] = commits;
  if (only && commits.length === 1) {
    const { headline, body } = splitMessage(only.message);
    return { title: `${headline} (#${pull.number})`, message: body };
  }
  const list = commits.map((commit) => `* ${commit.message}`).join("\n\n");
  return { title: `${pull.title} (#${pull.number})`, message: list };
}

function joinMessage(title: string, body: string): string {
  return body === "" ? title : `${title}\n\n${body}`;
}

/** Merges the base into the pull request's branch, as the button "Update branch" does. */
export async function updatePullBranch(
  scope: Scope,
  pull: PullRequest,
  expectedHeadOid: string | undefined,
): Promise<void> {
  const { world, user } = scope;
  if (pull.state === "closed") throw new Refusal("unprocessable", "Pull request is closed.");
  if (expectedHeadOid !== undefined && expectedHeadOid !== pull.headOid) {
    throw new Refusal("unprocessable", "expected head sha didn't match current head ref.");
  }
  if (await isAncestor(world.repository, pull.baseOid, pull.headOid)) {
    throw new Refusal("unprocessable", "There are no new commits on the base branch.");
  }
  const merged = await mergeCommits(world.repository, pull.headOid, pull.baseOid);
  if ("conflicts" in merged) throw new Refusal("unprocessable", "merge conflict between base and head");
  const at = world.now();
  const commitOid = writeCommit(world.repository, {
    tree: merged.tree,
    parents: [pull.headOid, pull.baseOid],
    message: `Merge branch '${pull.baseRef}' into ${pull.headRef}`,
    author: personOf(accountOf(user), at),
    committer: webFlow(at),
  });
  const update = { name: branchRef(pull.headRef), to: commitOid, from: pull.headOid };
  if (!(await updateRefs(world.repository, [update]))) {
    throw new Refusal("unprocessable", "expected head sha didn't match current head ref.");
  }
  await followBranches(world);
}
