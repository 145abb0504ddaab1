/** Reads what stands in a bare repository at any commit, and checks it by the rules that every tree keeps. */
import { openRepository, type Repository } from "../../../../cli/demo/forge/git/repository.ts";
import { entryType, parseTree } from "../../../../cli/demo/forge/git/parse.ts";
import { listRefs } from "../../../../cli/demo/forge/git/refs.ts";
import { commitsBetween } from "../../../../cli/demo/forge/git/history.ts";
import type { Commit } from "../../../../cli/demo/forge/git/parse.ts";
import { checkDocuments } from "../../../../schemas/check-documents.ts";
import { formatProblem } from "../../../../schemas/problem.ts";
import type { ReadTree } from "../../../../schemas/read-tree.ts";
import { storePath } from "../../../../schemas/store.ts";
import { isDocument, type Tree } from "../../../../schemas/tree.ts";

export interface Inspector extends AsyncDisposable {
  /** Short name -> commit. */
  branches(): Promise<ReadonlyMap<string, string>>;
  /** The commits that `head` has and `base` lacks, oldest first. */
  between(base: string, head: string): Promise<readonly Commit[]>;
  /** Everything at a commit: path -> blob. */
  files(commit: string): Promise<ReadonlyMap<string, string>>;
  tree(commit: string): Promise<Tree>;
  /** What breaks the rules at a commit, one line each; also a version whose file ought to be in the repository and is not. */
  complaints(commit: string): Promise<readonly string[]>;
}

export async function openInspector(gitDir: string): Promise<Inspector> {
  const repository = await openRepository(gitDir);
  const texts = new Map<string, string>();
  let earlier: ReadTree["read"] = new Map();

  async function check(commit: string) {
    const files = await filesBelow(repository, commit, "");
    const documents = new Map<string, string>();
    for (const [path, oid] of files) {
      if (!isDocument(path)) continue;
      const text = texts.get(oid) ?? (await textOf(repository, oid));
      texts.set(oid, text);
      documents.set(path, text);
    }
    const checked = checkDocuments(documents, earlier);
    earlier = checked.read;
    return { files, ...checked };
  }

  return {
    async branches() {
      const refs = await listRefs(repository, "refs/heads/");
      return new Map(refs.map(({ name, oid }) => [name.slice("refs/heads/".length), oid]));
    },
    between: (base, head) => commitsBetween(repository, base, head),
    files: (commit) => filesBelow(repository, commit, ""),
    tree: async (commit) => (await check(commit)).tree,
    async complaints(commit) {
      const { files, tree, problems } = await check(commit);
      return [...problems.map(formatProblem), ...missingArtifacts(tree, files)];
    },
    [Symbol.asyncDispose]: () => repository.close(),
  };
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
