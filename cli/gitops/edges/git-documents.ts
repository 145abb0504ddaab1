import { isDocument, meantPath, root as environments } from "../../../schemas/tree.ts";
import type { CommittedDocuments } from "../core/history-port.ts";
import { readObjects } from "./git-objects.ts";
import { runGit } from "./git-run.ts";

const symlink = "120000";

/**
 * The documents of a commit of the clone around `rootDir`. Only texts that differ from those that are `known` are read: most
 * of a tree is the same in most commits. One that is no text reads as empty, which no document may be.
 */
export async function documentsAt(
  rootDir: string,
  revision: string,
  known: ReadonlyMap<string, string>,
): Promise<CommittedDocuments> {
  const commit = await runGit(rootDir, ["rev-parse", "--verify", "--end-of-options", `${revision}^{commit}`]);
  const listing = await runGit(rootDir, ["ls-tree", "-r", "-z", commit, "--", `${environments}/`]);
  const entries = listing.split("\0").flatMap((line) => {
    const [, mode, type, oid, path] = /^(\d+) (\w+) ([0-9a-f]+)\t([^]*)$/.exec(line) ?? [];
    if (mode === symlink || type !== "blob" || oid === undefined || path === undefined) return [];
    return isDocument(meantPath(path)) ? [{ oid, path }] : [];
  });
  const others = entries.filter(({ path, oid }) => blobId(known.get(path), oid.length) !== oid);
  const texts = await readObjects(
    rootDir,
    others.map(({ oid }) => oid),
  );
  const read = new Map(others.map(({ path }, at) => [path, texts[at] ?? ""]));
  return { commit, files: new Map(entries.map(({ path }) => [path, read.get(path) ?? known.get(path) ?? ""])) };
}

/** What git calls a text: a digest of a header and its bytes, SHA-1 or in newer repositories SHA-256. */
function blobId(text: string | undefined, length: number): string | null {
  if (text === undefined) return null;
  const bytes = Buffer.from(text);
  const hash = new Bun.CryptoHasher(length === 64 ? "sha256" : "sha1");
  return hash.update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}
