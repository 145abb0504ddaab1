/** Blobs, trees and commits of the git data API. */
import { z } from "zod";
import { Refusal } from "../fault.ts";
import { entryType, paddedMode, type Person } from "../git/parse.ts";
import { branchRef, listRefs, readRef } from "../git/refs.ts";
import { defaultBranch, readCommit, readTree } from "../git/repository.ts";
import { isTreePath, TreeChangeError, writeBlob, writeCommit, writeTree, type TreeChange } from "../git/write.ts";
import { nodeId } from "../node-id.ts";
import { accountOf, personOf, webFlow, type ForgeUser } from "../users.ts";
import { repoApiUrl, type Scope, type World } from "../world.ts";
import { gitDataCommit } from "./represent-commit.ts";
import { asking, bodyOf, ok, queryOf, route, type Route } from "./router.ts";

const newBlob = z.object({ content: z.string(), encoding: z.enum(["utf-8", "base64"]).default("utf-8") });

const treeEntry = z.object({
  path: z.string(),
  mode: z.enum(["100644", "100755", "040000", "160000", "120000"]),
  type: z.enum(["blob", "tree", "commit"]).optional(),
  sha: z.string().nullish(),
  content: z.string().optional(),
});
const newTree = z.object({ base_tree: z.string().optional(), tree: z.array(treeEntry).min(1) });

const person = z.object({ name: z.string(), email: z.string(), date: z.iso.datetime({ offset: true }).optional() });
const newCommit = z.object({
  message: z.string(),
  tree: z.string(),
  parents: z.array(z.string()).default([]),
  author: person.optional(),
  committer: person.optional(),
});

function unprocessable(message: string): Refusal {
  return new Refusal("unprocessable", message);
}

/** The git data API works only on a repository that has a commit. */
async function refuseEmpty(world: World): Promise<void> {
  if (await readRef(world.repository, branchRef(await defaultBranch(world.repository)))) return;
  const refs = await listRefs(world.repository, "refs/");
  if (refs.length === 0) throw new Refusal("conflict", "Git Repository is empty.");
}

async function toChange(world: World, entry: z.output<typeof treeEntry>): Promise<TreeChange> {
  const { path } = entry;
  if (!isTreePath(path)) throw unprocessable("tree.path contains a malformed path component");
  if (entry.content !== undefined && entry.sha != null) {
    throw unprocessable("Must supply either tree.sha or tree.content, not both");
  }
  const mode = entry.mode.replace(/^0/, "");
  if (entry.content !== undefined) {
    return { path, entry: { mode, oid: writeBlob(world.repository, Buffer.from(entry.content)) } };
  }
  if (entry.sha === null) return { path, entry: null };
  const oid = entry.sha ?? "";
  const object = /^[0-9a-f]{40}$/.test(oid) ? await world.repository.objects.read(oid) : null;
  if (!object || object.type !== entryType(mode)) throw unprocessable(`tree.sha ${oid} is not a valid object`);
  return { path, entry: { mode, oid } };
}

async function represent(world: World, oid: string, recursive: boolean) {
  return {
    sha: oid,
    url: `${repoApiUrl(world)}/git/trees/${oid}`,
    tree: await representEntries(world, oid, recursive, ""),
    truncated: false,
  };
}

async function representEntries(world: World, oid: string, recursive: boolean, folder: string): Promise<object[]> {
  const rows: object[] = [];
  for (const entry of (await readTree(world.repository, oid)) ?? []) {
    const type = entryType(entry.mode);
    const path = `${folder}${entry.name}`;
    const size = type === "blob" ? (await world.repository.objects.read(entry.oid))?.bytes.length : undefined;
    const url = `${repoApiUrl(world)}/git/${type}s/${entry.oid}`;
    rows.push({ path, mode: paddedMode(entry.mode), type, sha: entry.oid, url, ...(type === "blob" ? { size } : {}) });
    if (recursive && type === "tree") rows.push(...(await representEntries(world, entry.oid, true, `${path}/`)));
  }
  return rows;
}

/** The person given, or the caller; a committer left out is the author. An App that names nobody has GitHub commit for it. */
function people({ world, user }: Scope, body: z.output<typeof newCommit>): { author: Person; committer: Person } {
  const at = world.now();
  const given = (value: z.output<typeof person>) => ({ ...value, date: value.date ? new Date(value.date) : at });
  const author = body.author ? given(body.author) : personOf(accountOf(user), at);
  if (isSigned(user, body)) return { author, committer: webFlow(at) };
  return { author, committer: body.committer ? given(body.committer) : author };
}

/** GitHub signs what an App commits through this API as long as it says nothing of author and committer. */
function isSigned(user: ForgeUser, body: z.output<typeof newCommit>): boolean {
  return user.app === true && body.author === undefined && body.committer === undefined;
}

export const objectRoutes: readonly Route[] = [
  route("POST", "/repos/{owner}/{repo}/git/blobs", "write", async (call) => {
    const { content, encoding } = bodyOf(call, newBlob);
    await refuseEmpty(call.world);
    const sha = writeBlob(call.world.repository, Buffer.from(content, encoding));
    return { status: 201, body: { url: `${repoApiUrl(call.world)}/git/blobs/${sha}`, sha } };
  }),

  route("GET", "/repos/{owner}/{repo}/git/blobs/{file_sha}", "read", async ({ world, params }) => {
    const object = await world.repository.objects.read(params.file_sha);
    if (object?.type !== "blob") throw new Refusal("not-found", "Not Found");
    return ok({
      sha: object.oid,
      node_id: nodeId("Blob", object.oid),
      size: object.bytes.length,
      url: `${repoApiUrl(world)}/git/blobs/${object.oid}`,
      content: object.bytes.toString("base64"),
      encoding: "base64",
    });
  }),

  route("POST", "/repos/{owner}/{repo}/git/trees", "write", async (call) => {
    const { world } = call;
    const body = bodyOf(call, newTree);
    await refuseEmpty(world);
    const base = body.base_tree ?? null;
    if (base !== null && !(await readTree(world.repository, base))) throw unprocessable("base_tree is not a tree");
    const changes = await Promise.all(body.tree.map((entry) => toChange(world, entry)));
    try {
      return { status: 201, body: await represent(world, await writeTree(world.repository, base, changes), false) };
    } catch (error) {
      throw error instanceof TreeChangeError ? unprocessable("GitRPC::BadObjectState") : error;
    }
  }),

  asking(
    ["recursive"],
    route("GET", "/repos/{owner}/{repo}/git/trees/{tree_sha}", "read", async (call) => {
      const { recursive } = queryOf(call, "recursive");
      const tree = await call.world.repository.objects.read(`${call.params.tree_sha}^{tree}`);
      if (!tree) throw new Refusal("not-found", "Not Found");
      return ok(await represent(call.world, tree.oid, recursive !== null));
    }),
  ),

  route("POST", "/repos/{owner}/{repo}/git/commits", "write", async (call) => {
    const { repository } = call.world;
    const body = bodyOf(call, newCommit);
    await refuseEmpty(call.world);
    const tree = await repository.objects.read(body.tree);
    if (tree?.type !== "tree") throw unprocessable("Tree SHA does not exist");
    const parents = await Promise.all(body.parents.map((oid) => readCommit(repository, oid)));
    if (parents.includes(null)) throw unprocessable("Parent SHA does not exist or is not a commit object");
    const commit = { tree: tree.oid, parents: body.parents, message: body.message, ...people(call, body) };
    const written = await readCommit(repository, writeCommit(repository, commit));
    if (written && isSigned(call.user, body)) call.world.signed.add(written.oid);
    if (!written) throw new Error("a commit that was just written cannot be read");
    return { status: 201, body: gitDataCommit(call.world, written) };
  }),

  route("GET", "/repos/{owner}/{repo}/git/commits/{commit_sha}", "read", async ({ world, params }) => {
    const commit = await readCommit(world.repository, params.commit_sha);
    if (!commit) throw new Refusal("not-found", "Not Found");
    return ok(gitDataCommit(world, commit));
  }),
];
