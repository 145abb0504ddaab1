/** A bare repository on disk, and the reading of what is in it. */
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FileChange } from "./history.ts";
import { parseCommit, parseTree, type Commit, type TreeEntry } from "./parse.ts";
import { openObjectReader, type GitObject, type ObjectReader } from "./reader.ts";
import { openRefUpdater, type RefUpdater } from "./ref-updater.ts";
import { git } from "./run.ts";

export interface Repository {
  readonly gitDir: string;
  readonly objects: ObjectReader;
  readonly refs: RefUpdater;
  /** Commits that were read, by id: they never change. */
  readonly commits: Map<string, Commit>;
  /** What lies between two commits, by both, for the same reason. */
  readonly diffs: Map<string, Promise<readonly FileChange[]>>;
  /** Ends its git processes. */
  close(): Promise<void>;
}

const DEFAULT_BRANCH = "main";

// Without REMOTE_USER http-backend refuses pushes; who may push is decided before it is asked.
// Two writers of one ref wait for each other's lock file; the old value then decides who was first.
const CONFIG = `[http]
	receivepack = true
[receive]
	hideRefs = refs/pull
	advertisePushOptions = true
[uploadpack]
	allowFilter = true
	allowAnySHA1InWant = true
[core]
	filesRefLockTimeout = 10000
	packedRefsTimeout = 10000
[gc]
	auto = 0
`;

/** Opens the bare repository at `gitDir`; makes it first when there is none. */
export async function openRepository(gitDir: string): Promise<Repository> {
  if (!existsSync(gitDir)) {
    await mkdir(gitDir, { recursive: true });
    await git(gitDir, ["init", "--quiet", "--bare", `--initial-branch=${DEFAULT_BRANCH}`, gitDir]);
  }
  await configure(join(gitDir, "config"));
  const objects = openObjectReader(gitDir);
  const refs = openRefUpdater(gitDir);
  const close = async () => {
    await Promise.all([objects.close(), refs.close()]);
  };
  return { gitDir, objects, refs, commits: new Map(), diffs: new Map(), close };
}

async function configure(file: string): Promise<void> {
  const text = await readFile(file, "utf8");
  if (!text.includes(CONFIG)) await writeFile(file, text + CONFIG);
}

/** The commit that an expression names, tags followed; null where it names none. */
export async function readCommit(repository: Repository, expression: string): Promise<Commit | null> {
  const known = repository.commits.get(expression);
  if (known) return known;
  const object = await repository.objects.read(`${expression}^{commit}`);
  if (!object) return null;
  const commit = parseCommit(object.oid, object.bytes);
  repository.commits.set(commit.oid, commit);
  return commit;
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
  const head = await readFile(join(repository.gitDir, "HEAD"), "utf8");
  return head.trim().replace(/^ref: refs\/heads\//, "");
}
