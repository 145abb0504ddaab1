/** `createCommitOnBranch`: several files, one commit, only on the head that the caller has seen. */
import type { CreateCommitOnBranchInput } from "@octokit/graphql-schema";
import { Refusal } from "../fault.ts";
import { branchRef, readRef, updateRefs, type Ref } from "../git/refs.ts";
import { isTreePath, TreeChangeError, writeBlob, writeCommit, writeTree, type TreeChange } from "../git/write.ts";
import { readPath, readTree } from "../git/repository.ts";
import { nodeKey } from "../node-id.ts";
import { followBranches } from "../pulls/follow.ts";
import { refuseMove } from "../rules/violations.ts";
import { accountOf, personOf, webFlow } from "../users.ts";
import { isServed, type Scope, type World } from "../world.ts";

export async function createCommitOnBranch(scope: Scope, input: CreateCommitOnBranchInput): Promise<Ref> {
  const { world, user } = scope;
  const { repository } = world;
  const { headline, body } = input.message;
  if (headline.trim() === "") throw new Refusal("unprocessable", "A commit message headline is required.");
  const branch = await requireBranch(world, input.branch);
  const expected = input.expectedHeadOid;
  if (branch.oid !== expected) throw staleHead(expected);

  const changes = await fileChanges(world, expected, input);
  const at = world.now();
  const commitOid = writeCommit(repository, {
    tree: await changedTree(world, expected, changes),
    parents: [expected],
    message: body ? `${headline}\n\n${body}` : headline,
    author: personOf(accountOf(user), at),
    committer: webFlow(at),
  });
  await refuseMove(world, user, branch.name.replace(/^refs\/heads\//, ""), commitOid);
  if (!(await updateRefs(repository, [{ name: branch.name, to: commitOid, from: expected }]))) {
    throw staleHead(expected);
  }
  world.signed.add(commitOid);
  await followBranches(world);
  return { ...branch, oid: commitOid };
}

function staleHead(expected: string): Refusal {
  return new Refusal("stale", `Expected branch to point to "${expected}" but it did not.  Pull and try again.`);
}

/** A branch by its id, or by the repository's and its own name; exactly one of the two. */
async function requireBranch(world: World, branch: CreateCommitOnBranchInput["branch"]): Promise<Ref> {
  const { id, repositoryNameWithOwner, branchName } = branch;
  const named = repositoryNameWithOwner != null && branchName != null;
  if ((id == null) === !named) {
    const ways = "`id`, or both `repositoryNameWithOwner` and `branchName`";
    throw new Refusal("unprocessable", `A branch must be given by ${ways}.`);
  }
  if (named) {
    const [owner = "", repo = ""] = repositoryNameWithOwner.split("/");
    if (!isServed(world, owner, repo)) {
      const message = `Could not resolve to a Repository with the name '${repositoryNameWithOwner}'.`;
      throw new Refusal("not-found", message);
    }
  }
  const name = named ? branchRef(branchName.replace(/^refs\/heads\//, "")) : nodeKey("Ref", id ?? "");
  const ref = name?.startsWith("refs/heads/") ? await readRef(world.repository, name) : null;
  if (!ref) throw new Refusal("not-found", `No such branch: ${branchName ?? id ?? ""}`);
  return ref;
}

async function fileChanges(
  world: World,
  head: string,
  { fileChanges }: CreateCommitOnBranchInput,
): Promise<readonly TreeChange[]> {
  const additions = fileChanges?.additions ?? [];
  const deletions = fileChanges?.deletions ?? [];
  for (const { path } of [...additions, ...deletions]) {
    if (!isTreePath(path)) throw new Refusal("unprocessable", `"${path}" is not a valid path for a file.`);
  }
  for (const { path } of deletions) {
    // A whole folder cannot be deleted by its name.
    const object = await readPath(world.repository, head, path);
    if (object?.type !== "blob") throw missingPath(path, head);
  }
  const written = additions.map(async ({ path, contents }): Promise<TreeChange> => {
    const oid = writeBlob(world.repository, Buffer.from(String(contents), "base64"));
    return { path, entry: { mode: await modeAt(world, head, path), oid } };
  });
  return [...(await Promise.all(written)), ...deletions.map(({ path }): TreeChange => ({ path, entry: null }))];
}

/** A file that is changed stays executable; a new one is not. */
async function modeAt(world: World, head: string, path: string): Promise<string> {
  const folder = path.split("/").slice(0, -1).join("/");
  const entries = await readTree(world.repository, folder === "" ? head : `${head}:${folder}`);
  const mode = entries?.find((entry) => entry.name === path.split("/").at(-1))?.mode;
  return mode === "100755" ? mode : "100644";
}

async function changedTree(world: World, head: string, changes: readonly TreeChange[]): Promise<string> {
  try {
    return await writeTree(world.repository, head, changes);
  } catch (error) {
    throw error instanceof TreeChangeError ? new Refusal("unprocessable", error.message) : error;
  }
}

function missingPath(path: string, head: string): Refusal {
  const what = "A path was requested for deletion which does not exist as of commit oid";
  return new Refusal("unprocessable", `${what} \`${head}\`: ${path}`);
}
