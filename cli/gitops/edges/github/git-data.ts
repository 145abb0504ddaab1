import type { FileWrite } from "../../core/ports.ts";
import type { Failure } from "./failure.ts";
import type { Attempt } from "./errors.ts";
import { attemptAt, treeOf, type Repository } from "./repository.ts";

/**
 * Commits through the git data API: a commit whose parent is any commit, on no branch yet. It is what
 * `createCommitOnBranch` cannot do (it appends), and what an older GitHub Enterprise Server has instead.
 */
export async function writeCommit(
  repository: Repository,
  parent: string,
  files: readonly FileWrite[],
  message: string,
): Promise<{ readonly oid: string; readonly url: string }> {
  const { owner, name: repo } = repository;
  const tree = await writeTree(repository, await treeOf(repository, parent), files);
  const { data } = await repository.client.attempt(committing(repository), (octokit) =>
    octokit.rest.git.createCommit({ owner, repo, message, tree, parents: [parent] }),
  );
  return { oid: data.sha, url: data.html_url };
}

/**
 * Texts stand in the request; bytes are blobs of their own. A proposal that is written anew has its artifact in the
 * repository already, so the tree is first tried with the blobs' ids, which anybody can compute.
 */
async function writeTree(repository: Repository, base: string, files: readonly FileWrite[]): Promise<string> {
  const { owner, name: repo, client } = repository;
  const tree = files.map(entryOf);
  const binaries = files.map((file) => file.content).filter((content) => content instanceof Uint8Array);
  const create = (special?: (failure: Failure) => Error | null) =>
    client.attempt(
      committing(repository),
      (octokit) => octokit.rest.git.createTree({ owner, repo, base_tree: base, tree }),
      special,
    );
  if (binaries.length > 0) {
    const unknownBlob = (failure: Failure) =>
      failure.kind === "answer" && failure.status === 422 ? new BlobUnknown() : null;
    try {
      return (await create(unknownBlob)).data.sha;
    } catch (error) {
      if (!(error instanceof BlobUnknown)) throw error;
    }
    for (const bytes of binaries) await writeBlob(repository, bytes);
  }
  return (await create()).data.sha;
}

class BlobUnknown extends Error {}

type TreeEntry = { path: string; mode: "100644"; type: "blob" } & ({ content: string } | { sha: string | null });

function entryOf({ path, content }: FileWrite): TreeEntry {
  const entry = { path, mode: "100644", type: "blob" } as const;
  if (typeof content === "string") return { ...entry, content };
  return { ...entry, sha: content === null ? null : blobOid(content) };
}

/** Git's id of a blob: the SHA-1 of a header and the bytes. */
function blobOid(bytes: Uint8Array): string {
  return new Bun.CryptoHasher("sha1").update(`blob ${bytes.byteLength}\0`).update(bytes).digest("hex");
}

async function writeBlob(repository: Repository, bytes: Uint8Array): Promise<void> {
  const { owner, name: repo } = repository;
  await repository.client.attempt(committing(repository), (octokit) =>
    octokit.rest.git.createBlob({ owner, repo, content: Buffer.from(bytes).toString("base64"), encoding: "base64" }),
  );
}

function committing(repository: Repository): Attempt {
  return attemptAt(repository, `committing to ${repository.slug}`, "Contents: write");
}
