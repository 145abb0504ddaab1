/** Creating, moving and deleting refs by GitHub's rules; REST and GraphQL share them. */
import { Refusal } from "./fault.ts";
import { branchRef, isAncestor, isRefName, readRef, updateRefs, type Ref } from "./git/refs.ts";
import { defaultBranch } from "./git/repository.ts";
import { followBranches } from "./pulls/follow.ts";
import { refuseMove } from "./rules/violations.ts";
import type { ForgeUser } from "./users.ts";
import type { Scope, World } from "./world.ts";

function unprocessable(message: string): Refusal {
  return new Refusal("unprocessable", message);
}

async function requireObject(world: World, name: string, oid: string): Promise<Ref> {
  const object = /^[0-9a-f]{40}$/.test(oid) ? await world.repository.objects.read(oid) : null;
  if (!object) throw unprocessable("Object does not exist");
  if (name.startsWith("refs/heads/") && object.type !== "commit") throw unprocessable("Object is not a commit");
  return { name, oid, type: object.type };
}

export async function createRef({ world }: Scope, name: string, oid: string): Promise<Ref> {
  if (!isRefName(name)) throw unprocessable(`${name} is not a valid ref name.`);
  if (name.startsWith("refs/pull/")) throw unprocessable("refs/pull/ is read-only");
  const created = await requireObject(world, name, oid);
  if (await readRef(world.repository, name)) throw unprocessable("Reference already exists");
  if (!(await updateRefs(world.repository, [{ name, to: oid, from: null }]))) {
    const taken = await readRef(world.repository, name);
    throw unprocessable(taken ? "Reference already exists" : "Reference cannot be created");
  }
  await followBranches(world);
  return created;
}

export interface RefMove {
  readonly name: string;
  readonly oid: string;
  readonly force: boolean;
  /** Where the caller saw the ref; left out, it is wherever it is now. */
  readonly from?: string | undefined;
}

/** Moves refs, all or none: without force only forwards, and never from a value other than the one looked at. */
export async function moveRefs({ world, user }: Scope, moves: readonly RefMove[]): Promise<readonly Ref[]> {
  const planned = await Promise.all(moves.map((move) => planMove(world, move)));
  for (const { target } of planned) await refuseIfBranch(world, user, target.name, target.oid);
  const updates = planned.map(({ target, from }) => ({ name: target.name, to: target.oid, from }));
  if (!(await updateRefs(world.repository, updates))) throw unprocessable("Reference cannot be updated");
  await followBranches(world);
  return planned.map(({ target }) => target);
}

async function planMove(world: World, move: RefMove): Promise<{ target: Ref; from: string }> {
  const old = await readRef(world.repository, move.name);
  if (!old || move.name.startsWith("refs/pull/")) throw unprocessable("Reference does not exist");
  const target = await requireObject(world, move.name, move.oid);
  if (move.from !== undefined && move.from !== old.oid) throw unprocessable("Reference update failed: it has moved");
  if (!move.force && !(await isAncestor(world.repository, old.oid, move.oid))) {
    throw unprocessable("Update is not a fast forward");
  }
  return { target, from: old.oid };
}

async function refuseIfBranch(world: World, user: ForgeUser, name: string, to: string | null): Promise<void> {
  const [prefix, branch] = [branchRef(""), name.slice(branchRef("").length)];
  if (name.startsWith(prefix)) await refuseMove(world, user, branch, to);
}

export async function deleteRef({ world, user }: Scope, name: string): Promise<void> {
  const old = await readRef(world.repository, name);
  if (!old || name.startsWith("refs/pull/")) throw unprocessable("Reference does not exist");
  if (name === branchRef(await defaultBranch(world.repository))) {
    throw unprocessable("Cannot delete the default branch");
  }
  await refuseIfBranch(world, user, name, null);
  if (!(await updateRefs(world.repository, [{ name, to: null, from: old.oid }]))) {
    throw unprocessable("Reference cannot be deleted");
  }
  await followBranches(world);
}
