import { fail } from "../../../../schemas/problem.ts";
import { isDocument, meantPath, root } from "../../../../schemas/tree.ts";
import { blobsQuery, type BlobAnswer } from "./query.ts";
import { attemptAt, type Repository } from "./repository.ts";
import { textOfBlob } from "./text.ts";

/** Texts in one query; GitHub gives a query 10 s. */
const batchSize = 100;

/** Queries at a time. */
const concurrency = 4;

/**
 * Every document under `environments/`, for commands that look at all models: the list of files in one call, then the
 * distinct texts, a hundred a call. `tree`: id of the folder; undefined where there is none.
 */
export async function readEverything(
  repository: Repository,
  tree: string | undefined,
): Promise<ReadonlyMap<string, string>> {
  if (tree === undefined) return new Map();
  const files = await listDocuments(repository, tree);
  const blobs = [...new Map(files.map((file) => [file.oid, file])).values()];
  const batches = Array.from({ length: Math.ceil(blobs.length / batchSize) }, (_, at) =>
    blobs.slice(at * batchSize, (at + 1) * batchSize),
  );
  const texts = new Map<string, string>();
  const workers = Array.from({ length: concurrency }, async () => {
    for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
      for (const [oid, text] of await readTexts(repository, batch)) texts.set(oid, text);
    }
  });
  await Promise.all(workers);
  return new Map(files.map(({ path, oid }) => [path, texts.get(oid) ?? ""]));
}

interface DocumentFile {
  readonly path: string;
  readonly oid: string;
}

async function listDocuments(repository: Repository, tree: string): Promise<readonly DocumentFile[]> {
  const { owner, name: repo, slug } = repository;
  const attempt = attemptAt(repository, `listing ${root}/ of ${slug}`, "Contents: read");
  const { data } = await repository.client.attempt(attempt, (octokit) =>
    octokit.rest.git.getTree({ owner, repo, tree_sha: tree, recursive: "1" }),
  );
  if (data.truncated) {
    fail({
      code: "tree-too-large",
      file: root,
      message: "has more files than GitHub lists in one answer",
      hint: "clone the repository and run the command in the clone, without --repo",
    });
  }
  return data.tree
    .filter((entry) => entry.type === "blob" && entry.mode !== "120000")
    .map((entry) => ({ path: `${root}/${entry.path}`, oid: entry.sha }))
    .filter((entry) => isDocument(meantPath(entry.path)));
}

async function readTexts(
  repository: Repository,
  files: readonly DocumentFile[],
): Promise<readonly (readonly [string, string])[]> {
  const { owner, name } = repository;
  const attempt = attemptAt(repository, `reading ${repository.slug}`, "Contents: read");
  const { repository: blobs } = await repository.client.attempt(attempt, (octokit) =>
    octokit.graphql<{ repository: Readonly<Record<string, BlobAnswer | null>> }>(
      blobsQuery(files.map((file) => file.oid)),
      { owner, name },
    ),
  );
  return files.map(({ path, oid }, at) => [oid, textOfBlob(path, blobs[`b${at}`] ?? null)] as const);
}
