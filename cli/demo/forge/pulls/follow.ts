/**
 * Pull requests follow their branches, however those were moved (a push, a call, git itself): the head advances, a
 * head that the base took in is merged, and one that has nothing left to merge or no branch is closed.
 */
import { changedFiles } from "../git/history.ts";
import { branchRef, isAncestor, mergeBase, readRef } from "../git/refs.ts";
import { git } from "../git/run.ts";
import { rulesFor } from "../rules/rules.ts";
import type { World } from "../world.ts";
import { dismissApprovals, showTheSame } from "./reviews.ts";
import { closePull, markMerged, type PullRequest } from "./store.ts";

/** Brings every open pull request up to date with the repository. */
export async function followBranches(world: World): Promise<void> {
  for (const pull of world.pulls.all()) {
    if (pull.state === "open") await followOne(world, pull);
  }
}

async function followOne(world: World, pull: PullRequest): Promise<void> {
  const { repository } = world;
  const [head, base] = await Promise.all([
    readRef(repository, branchRef(pull.headRef)),
    readRef(repository, branchRef(pull.baseRef)),
  ]);
  if (!head || !base) return closePull(pull, world.now());
  if (head.oid === pull.headOid && base.oid === pull.baseOid) return;

  if (await isAncestor(repository, head.oid, base.oid)) {
    // In the base before: the branch was set back to it. Otherwise the base has taken the branch in.
    const setBack = await isAncestor(repository, head.oid, pull.baseOid);
    const mergeOid = setBack ? null : await mergeOf(world, head.oid, base.oid);
    pull.headOid = head.oid;
    if (mergeOid === null) closePull(pull, world.now());
    else markMerged(pull, world.now(), null, mergeOid);
    return;
  }
  if (head.oid !== pull.headOid) await dismissStale(world, pull, { base: base.oid, head: head.oid });
  pull.baseOid = base.oid;
  if (head.oid === pull.headOid) return;
  pull.headOid = head.oid;
  pull.updatedAt = world.now();
  await pinHead(world, pull);
}

/** Where the rules say so, an approval is of the changes that were looked at and of no others. */
async function dismissStale(
  world: World,
  pull: PullRequest,
  now: { readonly base: string; readonly head: string },
): Promise<void> {
  if (rulesFor(world.settings.rules, pull.baseRef)?.pullRequest?.dismissStale !== true) return;
  const changes = async (base: string, head: string) =>
    changedFiles(world.repository, await mergeBase(world.repository, base, head), head);
  const [before, after] = [await changes(pull.baseOid, pull.headOid), await changes(now.base, now.head)];
  if (!showTheSame(before, after)) dismissApprovals(pull);
}

/** The first commit on the base's own line that contains the head; the head itself if the base was moved to it. */
async function mergeOf(world: World, headOid: string, baseOid: string): Promise<string> {
  const range = ["--first-parent", "--ancestry-path", "--reverse", `${headOid}..${baseOid}`];
  const output = await git(world.repository.gitDir, ["rev-list", ...range]);
  return output.split("\n")[0] || headOid;
}

/** Keeps `refs/pull/N/head`, which GitHub has for every pull request, at its head. */
export async function pinHead(world: World, pull: PullRequest): Promise<void> {
  const { gitDir, refs } = world.repository;
  const [name, oid] = [`refs/pull/${pull.number}/head`, pull.headOid];
  if (!(await refs.commit(`update ${name} ${oid}\n`))) await git(gitDir, ["update-ref", name, oid]);
}
