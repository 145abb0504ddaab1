/** Opening, editing and reopening a pull request, by GitHub's rules. */
import { Refusal, type FieldError } from "../fault.ts";
import { branchRef, isAncestor, mergeBase, readRef } from "../git/refs.ts";
import type { Account } from "../users.ts";
import type { World } from "../world.ts";
import { pinHead } from "./follow.ts";
import { closePull, type PullRequest } from "./store.ts";

export interface PullProposal {
  readonly title: string;
  readonly body: string | null;
  /** `branch`, or `owner:branch` of this repository. */
  readonly head: string;
  readonly base: string;
  readonly draft: boolean;
}

export interface PullEdit {
  readonly title?: string | undefined;
  readonly body?: string | null | undefined;
  readonly state?: "open" | "closed" | undefined;
}

function invalid(field: string): Refusal {
  return new Refusal("unprocessable", `${field} is invalid`, [{ resource: "PullRequest", field, code: "invalid" }]);
}

function custom(message: string): Refusal {
  const error: FieldError = { resource: "PullRequest", code: "custom", message };
  return new Refusal("unprocessable", message, [error]);
}

export async function openPull(world: World, author: Account, proposal: PullProposal): Promise<PullRequest> {
  const { repository } = world;
  const [headBranch, headOwner] = proposal.head.split(":").reverse();
  if (headBranch === undefined || (headOwner ?? world.owner).toLowerCase() !== world.owner.toLowerCase()) {
    throw invalid("head");
  }
  const [head, base] = await Promise.all([
    readRef(repository, branchRef(headBranch)),
    readRef(repository, branchRef(proposal.base)),
  ]);
  if (!base) throw invalid("base");
  if (!head) throw invalid("head");
  if (await isAncestor(repository, head.oid, base.oid)) {
    throw custom(`No commits between ${proposal.base} and ${headBranch}`);
  }
  if ((await mergeBase(repository, base.oid, head.oid)) === null) {
    throw custom(`The ${headBranch} branch has no history in common with ${proposal.base}`);
  }

  refuseDuplicate(world, headBranch, proposal.base);
  const pull = world.pulls.insert(
    {
      author,
      title: proposal.title,
      body: proposal.body,
      draft: proposal.draft,
      headRef: headBranch,
      headOid: head.oid,
      baseRef: proposal.base,
      baseOid: base.oid,
    },
    world.now(),
  );
  await pinHead(world, pull);
  return pull;
}

/** One open pull request for a pair of branches. Nothing is awaited between this and what it guards. */
function refuseDuplicate(world: World, headRef: string, baseRef: string): void {
  const twin = world.pulls
    .all()
    .find((pull) => pull.state === "open" && pull.headRef === headRef && pull.baseRef === baseRef);
  if (twin) throw custom(`A pull request already exists for ${world.owner}:${headRef}.`);
}

export async function editPull(world: World, pull: PullRequest, edit: PullEdit): Promise<void> {
  if (edit.title?.trim() === "") {
    throw new Refusal("unprocessable", "Title can't be blank", [
      { resource: "Issue", field: "title", code: "missing_field" },
    ]);
  }
  if (edit.state === "open" && pull.state === "closed") await reopen(world, pull);
  if (edit.state === "closed" && pull.state === "open") closePull(pull, world.now());
  if (edit.title !== undefined) pull.title = edit.title;
  if (edit.body !== undefined) pull.body = edit.body;
  pull.updatedAt = world.now();
}

async function reopen(world: World, pull: PullRequest): Promise<void> {
  if (pull.merged) throw custom("state cannot be changed. The pull request is merged.");
  const head = await readRef(world.repository, branchRef(pull.headRef));
  if (!head) throw custom(`state cannot be changed. The ${pull.headRef} branch has been deleted.`);
  if (!(await isAncestor(world.repository, pull.headOid, head.oid))) {
    throw custom(`state cannot be changed. The ${pull.headRef} branch was force-pushed or recreated.`);
  }
  const base = await readRef(world.repository, branchRef(pull.baseRef));
  if (!base) throw custom(`state cannot be changed. The ${pull.baseRef} branch has been deleted.`);
  if (await isAncestor(world.repository, head.oid, base.oid)) {
    throw custom(`state cannot be changed. There are no new commits on the ${pull.headRef} branch.`);
  }
  refuseDuplicate(world, pull.headRef, pull.baseRef);
  pull.state = "open";
  pull.closedAt = null;
  pull.headOid = head.oid;
  pull.baseOid = base.oid;
  await pinHead(world, pull);
}
