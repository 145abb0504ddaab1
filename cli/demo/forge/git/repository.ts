/** A bare repository on disk, and the reading of what is in it. */
import { mkdir } from "node:fs/promises";
import { existsSync } from "node:fs";
import { parseCommit, parseTree, type Commit, type TreeEntry } from "./parse.ts";
import { openObjectReader, type GitObject, type ObjectReader } from "./reader.ts";
import { git } from "./run.ts";

export interface Repository {
  readonly gitDir: string;
  readonly objects: ObjectReader;
}

const DEFAULT_BRANCH = "main";

const CONFIG: Readonly<Record<string, string>> = {
  // Without REMOTE_USER http-backend refuses pushes; who may push is decided before it is asked.
  "http.receivepack": "true",
  "receive.hideRefs": "refs/pull",
  "receive.advertisePushOptions": "true",
  "uploadpack.allowFilter": "true",
  "uploadpack.allowAnySHA1InWant": "true",
  // Two writers of one ref wait for each other's lock file; the old value then decides who was first.
  "core.filesRefLockTimeout": "10000",
  "core.packedRefsTimeout": "10000",
  "gc.auto": "0",
};

/** Opens the bare repository at `gitDir`; makes it first when there is none. */
export async function openRepository(gitDir: string): Promise<Repository> {
  if (!existsSync(gitDir)) {
    await mkdir(gitDir, { recursive: true });
    await git(gitDir, ["init", "--quiet", "--bare", `--initial-branch=${DEFAULT_BRANCH}`, gitDir]);
  }
  for (const [key, value] of Object.entries(CONFIG)) await git(gitDir, ["config", key, value]);
  return { gitDir, objects: openObjectReader(gitDir) };
}

/** The commit that an expression names, tags followed; null where it names none. */
export async function readCommit(repository: Repository, expression: string): Promise<Commit | null> {
  const object = await repository.objects.read(`${expression}^{commit}`);
  return object && parseCommit(object.oid, object.bytes);
}

/** The entries of the tree that an expression names (a commit's tree too); null where it names none. */
export async function readTree(repository: Repository, expression: string): Promise<readonly TreeEntry[] | null> {
  const object = await repository.objects.read(`${expression}^{tree}`);
  return object && parseTree(object.bytes);
}

/** The object at `path` of a commit or tree; the empty path is the tree itself. Null where there is nothing. */
export async function readPath(repository: Repository, revision: string, path: string): Promise<GitObject | null> {
  return repository.objects.read(path === "" ? `${revision}^{tree}` : `${revision}:${path}`);
}

/** The branch that HEAD names, whether or not it has a commit. */
export async function defaultBranch(repository: Repository): Promise<string> {
  const head = await git(repository.gitDir, ["symbolic-ref", "HEAD"]);
  return head.trim().replace(/^refs\/heads\//, "");
}
