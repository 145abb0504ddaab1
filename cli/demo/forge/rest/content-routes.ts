/** Files, commits and comparisons as people look at them. */
import { Refusal } from "../fault.ts";
import { changedFiles, commitsBetween, commitsOf, countApart } from "../git/history.ts";
import { entryType, parseTree, type TreeEntry } from "../git/parse.ts";
import { mergeBase } from "../git/refs.ts";
import { defaultBranch, readCommit, readPath } from "../git/repository.ts";
import { repoApiUrl, repoPageUrl, type World } from "../world.ts";
import { diffEntry, repositoryCommit } from "./represent-commit.ts";
import { asking, ok, pageOf, queryOf, route, type RestCall, type RestReply, type Route } from "./router.ts";

const MEBIBYTE = 1024 * 1024;
/** Up to here `content` holds the file; up to 100 MiB only the raw media type does. */
const INLINE_LIMIT = MEBIBYTE;
const RAW_LIMIT = 100 * MEBIBYTE;
/** GitHub lists no more files than this in one reply. */
const FILE_LIMIT = 300;

function contentLinks(world: World, path: string, ref: string, type: "blob" | "tree" | "commit", oid: string) {
  const escaped = path.split("/").map(encodeURIComponent).join("/");
  const url = `${repoApiUrl(world)}/contents/${escaped}?ref=${encodeURIComponent(ref)}`;
  const git = `${repoApiUrl(world)}/git/${type}s/${oid}`;
  const html = `${repoPageUrl(world)}/${type}/${ref}/${escaped}`;
  const download = type === "blob" ? `${repoPageUrl(world)}/raw/${ref}/${escaped}` : null;
  return { url, git_url: git, html_url: html, download_url: download, _links: { self: url, git, html } };
}

function directoryEntry(world: World, folder: string, ref: string, entry: TreeEntry, size: number) {
  const type = entryType(entry.mode);
  const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
  return {
    type: type === "tree" ? "dir" : type === "blob" ? "file" : "submodule",
    name: entry.name,
    path,
    sha: entry.oid,
    size,
    ...contentLinks(world, path, ref, type, entry.oid),
  };
}

async function contents(call: RestCall<never>, givenPath: string): Promise<RestReply> {
  const { world } = call;
  const { repository } = world;
  const ref = queryOf(call, "ref").ref ?? (await defaultBranch(repository));
  const path = givenPath.replace(/^\/+|\/+$/g, "");
  const commit = await readCommit(repository, ref);
  if (!commit) throw new Refusal("not-found", `No commit found for the ref ${ref}`);
  const object = await readPath(repository, commit.oid, path);
  if (!object) throw new Refusal("not-found", "Not Found");
  if (object.type === "tree") {
    const entries = parseTree(object.bytes).map(async (entry) => {
      const blob = entryType(entry.mode) === "blob" ? await repository.objects.read(entry.oid) : null;
      return directoryEntry(world, path, ref, entry, blob?.bytes.length ?? 0);
    });
    return ok(await Promise.all(entries));
  }
  const size = object.bytes.length;
  if (size > RAW_LIMIT) throw new Refusal("forbidden", "This file is larger than 100 MB and cannot be read here.");
  if (/application\/vnd\.github\.(v3\.)?raw/.test(call.accept)) return ok(object.bytes);
  const inline = size <= INLINE_LIMIT;
  return ok({
    type: "file",
    encoding: inline ? "base64" : "none",
    content: inline ? object.bytes.toString("base64").replaceAll(/.{60}/g, "$&\n") : "",
    size,
    name: path.split("/").at(-1),
    path,
    sha: object.oid,
    ...contentLinks(world, path, ref, "blob", object.oid),
  });
}

async function requireCommit(world: World, revision: string) {
  const commit = await readCommit(world.repository, revision);
  if (!commit) throw new Refusal("unprocessable", `No commit found for SHA: ${revision}`);
  return commit;
}

async function compare(call: RestCall<"basehead">): Promise<RestReply> {
  const { world } = call;
  const { repository } = world;
  const [baseName = "", headName = ""] = call.params.basehead.split("...");
  const own = (name: string) => name.replace(new RegExp(`^${RegExp.escape(world.owner)}:`), "");
  const [base, head] = await Promise.all([
    readCommit(repository, own(baseName)),
    readCommit(repository, own(headName)),
  ]);
  const common = base && head && (await mergeBase(repository, base.oid, head.oid));
  const ancestor = common ? await readCommit(repository, common) : null;
  if (!base || !head || !ancestor) throw new Refusal("not-found", "Not Found");

  const [{ ahead, behind }, commits, files] = await Promise.all([
    countApart(repository, base.oid, head.oid),
    commitsBetween(repository, base.oid, head.oid),
    changedFiles(repository, ancestor.oid, head.oid),
  ]);
  const page = pageOf(call, commits);
  const url = `${repoApiUrl(world)}/compare/${call.params.basehead}`;
  const html = `${repoPageUrl(world)}/compare/${call.params.basehead}`;
  const diverged = ahead > 0 ? "diverged" : "behind";
  return {
    ...ok({
      url,
      html_url: html,
      permalink_url: `${repoPageUrl(world)}/compare/${base.oid}...${head.oid}`,
      diff_url: `${html}.diff`,
      patch_url: `${html}.patch`,
      base_commit: repositoryCommit(world, base),
      merge_base_commit: repositoryCommit(world, ancestor),
      status: behind > 0 ? diverged : ahead > 0 ? "ahead" : "identical",
      ahead_by: ahead,
      behind_by: behind,
      total_commits: commits.length,
      commits: page.items.map((commit) => repositoryCommit(world, commit)),
      files: files.slice(0, FILE_LIMIT).map((file) => diffEntry(world, file, head.oid)),
    }),
    headers: page.headers,
  };
}

export const contentRoutes: readonly Route[] = [
  asking(
    ["ref"],
    route("GET", "/repos/{owner}/{repo}/contents", "read", (call) => contents(call, "")),
  ),
  asking(
    ["ref"],
    route("GET", "/repos/{owner}/{repo}/contents/", "read", (call) => contents(call, "")),
  ),
  asking(
    ["ref"],
    route("GET", "/repos/{owner}/{repo}/contents/{path}", "read", (call) => contents(call, call.params.path)),
  ),

  asking(
    ["sha", "path"],
    route("GET", "/repos/{owner}/{repo}/commits", "read", async (call) => {
      const { world } = call;
      const query = queryOf(call, "sha", "path");
      const head = await requireCommit(world, query.sha ?? (await defaultBranch(world.repository)));
      const page = pageOf(call, await commitsOf(world.repository, head.oid, query.path ?? undefined));
      return { ...ok(page.items.map((commit) => repositoryCommit(world, commit))), headers: page.headers };
    }),
  ),

  route("GET", "/repos/{owner}/{repo}/commits/{ref}", "read", async ({ world, params }) => {
    const commit = await requireCommit(world, params.ref);
    const files = await changedFiles(world.repository, commit.parents[0] ?? null, commit.oid);
    const additions = files.reduce((total, file) => total + file.additions, 0);
    const deletions = files.reduce((total, file) => total + file.deletions, 0);
    return ok({
      ...repositoryCommit(world, commit),
      stats: { additions, deletions, total: additions + deletions },
      files: files.slice(0, FILE_LIMIT).map((file) => diffEntry(world, file, commit.oid)),
    });
  }),

  route("GET", "/repos/{owner}/{repo}/compare/{basehead}", "read", compare),
];
