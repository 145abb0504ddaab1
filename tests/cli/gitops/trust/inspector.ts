/** Reads what stands in a bare repository at any commit, and checks it by the rules that every tree keeps. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { openRepository, readCommit, readPath, type Repository } from "../../../../cli/demo/forge/git/repository.ts";
import { commitsBetween } from "../../../../cli/demo/forge/git/history.ts";
import { entryType, parseTree, type Commit } from "../../../../cli/demo/forge/git/parse.ts";
import { checkDocuments } from "../../../../schemas/check-documents.ts";
import { formatProblem, type Problem } from "../../../../schemas/problem.ts";
import type { ReadTree } from "../../../../schemas/read-tree.ts";
import { storePath } from "../../../../schemas/store.ts";
import { isDocument, type Tree } from "../../../../schemas/tree.ts";

export interface Inspector extends AsyncDisposable {
  /** Short name -> commit. */
  branches(): Promise<ReadonlyMap<string, string>>;
  /** The commits that `head` has and `base` lacks, oldest first. */
  between(base: string, head: string): Promise<readonly Commit[]>;
  commit(oid: string): Promise<Commit>;
  /** A commit and all before it. */
  ancestors(oid: string): Promise<readonly string[]>;
  /** Text of a file; null where there is none. */
  text(commit: string, path: string): Promise<string | null>;
  tree(commit: string): Promise<Tree>;
  /** What breaks the rules at a commit, one line each; also a version whose file ought to be in the repository and is not. */
  complaints(commit: string): Promise<readonly string[]>;
  faults(commit: string): Promise<readonly Fault[]>;
}

/** Something that breaks the rules. The same one has the same identity wherever in its file it stands. */
export interface Fault {
  readonly identity: string;
  readonly text: string;
}

export async function openInspector(gitDir: string): Promise<Inspector> {
  const repository = await openRepository(gitDir);
  const texts = new Map<string, string>();
  let earlier: ReadTree["read"] = new Map();

  interface Checked {
    readonly tree: Tree;
    readonly faults: readonly Fault[];
  }
  const checked = new Map<string, Checked>();

  async function check(commit: string): Promise<Checked> {
    const known = checked.get(commit);
    if (known !== undefined) return known;
    const files = await filesBelow(repository, commit, "");
    const documents = new Map<string, string>();
    for (const [path, oid] of files) {
      if (!isDocument(path)) continue;
      const text = texts.get(oid) ?? (await textOf(repository, oid));
      texts.set(oid, text);
      documents.set(path, text);
    }
    const { tree, problems, read } = checkDocuments(documents, earlier);
    earlier = read;
    const missing = missingArtifacts(tree, files).map((text) => ({ identity: text, text }));
    const result = { tree, faults: [...problems.map(faultOf), ...missing] };
    checked.set(commit, result);
    return result;
  }

  return {
    branches: () => Promise.resolve(looseBranches(join(gitDir, "refs/heads"))),
    between: (base, head) => commitsBetween(repository, base, head),
    async commit(oid) {
      const commit = await readCommit(repository, oid);
      if (!commit) throw new Error(`${oid} is no commit`);
      return commit;
    },
    async ancestors(oid) {
      const found = new Set([oid]);
      for (const next of found)
        for (const parent of (await readCommit(repository, next))?.parents ?? []) found.add(parent);
      return [...found];
    },
    text: async (commit, path) => (await readPath(repository, commit, path))?.bytes.toString("utf8") ?? null,
    tree: async (commit) => (await check(commit)).tree,
    complaints: async (commit) => (await check(commit)).faults.map(({ text }) => text),
    faults: async (commit) => (await check(commit)).faults,
    [Symbol.asyncDispose]: () => repository.close(),
  };
}

/** A version that is not registered is missing under `previous` as it was under `stable`. */
function faultOf(problem: Problem): Fault {
  const { code, file, path, message } = problem;
  const place = code === "version-unknown" ? null : path;
  return { identity: JSON.stringify([code, file, place, message]), text: formatProblem(problem) };
}

/** Short name -> commit. In these repositories nothing packs refs; a process for each look would be most of the work. */
function looseBranches(folder: string): ReadonlyMap<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).toSorted();
  const entries = names.flatMap((name): (readonly [string, string])[] => {
    const path = join(folder, name);
    if (name.endsWith(".lock") || !statSync(path, { throwIfNoEntry: false })?.isFile()) return [];
    return [[name, readFileSync(path, "utf8").trim()]];
  });
  return new Map(entries);
}

/** Versions of the sample tree that name a file which was never there. */
const sampleVersions = 3;

function missingArtifacts(tree: Tree, files: ReadonlyMap<string, string>): readonly string[] {
  const store = tree.project?.spec.artifactStore ?? "";
  return [...tree.versions.values()].flatMap((versions) =>
    [...versions.values()]
      .filter(({ spec }) => spec.version > sampleVersions && !files.has(storePath(store, spec.artifact.key ?? "")))
      .map(({ metadata }) => `the file of ${metadata.name} is not in the repository`),
  );
}

async function filesBelow(repository: Repository, tree: string, folder: string): Promise<Map<string, string>> {
  const object = await repository.objects.read(`${tree}^{tree}`);
  const files = new Map<string, string>();
  for (const entry of object ? parseTree(object.bytes) : []) {
    const path = `${folder}${entry.name}`;
    if (entryType(entry.mode) === "blob") files.set(path, entry.oid);
    else for (const [below, oid] of await filesBelow(repository, entry.oid, `${path}/`)) files.set(below, oid);
  }
  return files;
}

async function textOf(repository: Repository, oid: string): Promise<string> {
  const object = await repository.objects.read(oid);
  if (!object) throw new Error(`${oid} is not in the repository`);
  return object.bytes.toString("utf8");
}
