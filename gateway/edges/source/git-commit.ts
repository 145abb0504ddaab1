import { fail } from "../../../schemas/problem.ts";
import { root } from "../../../schemas/tree.ts";
import { checkRelative, isManifestPath, isTooLarge, tooLargeText } from "./documents.ts";
import type { Git } from "./git.ts";

/** All documents of a commit, by two git processes whatever their number. */
export async function readFiles(git: Git, commit: string): Promise<ReadonlyMap<string, string>> {
  const listing = await git.text(["ls-tree", "-r", "-l", "-z", "--full-tree", commit, "--", `${root}/`]);
  const files = new Map<string, string>();
  const wanted: { readonly path: string; readonly oid: string }[] = [];
  for (const line of listing.split("\0")) {
    const [, oid, size, path] = /^100\d+ blob (\S+) +(\d+)\t(.*)$/s.exec(line) ?? [];
    if (oid === undefined || path === undefined || !isManifestPath(path)) continue;
    if (isTooLarge(Number(size))) files.set(path, tooLargeText);
    else wanted.push({ path, oid });
  }
  if (wanted.length === 0) return files;
  const output = await git.run(["cat-file", "--batch"], wanted.map(({ oid }) => `${oid}\n`).join(""));
  let at = 0;
  for (const { path } of wanted) {
    // `<oid> blob <size>\n<content>\n`
    const lineEnd = output.indexOf(10, at);
    const size = Number(new TextDecoder().decode(output.subarray(at, lineEnd)).split(" ")[2]);
    files.set(path, new TextDecoder().decode(output.subarray(lineEnd + 1, lineEnd + 1 + size)));
    at = lineEnd + size + 2;
  }
  return files;
}

/** Bytes of a file of a commit. Throws a ProblemError where it is not there. */
export async function readBlob(git: Git, commit: string, path: string): Promise<Uint8Array> {
  checkRelative(path);
  try {
    return await git.run(["cat-file", "blob", `${commit}:${path}`]);
  } catch (cause) {
    const message = `is not in commit ${commit.slice(0, 10)}`;
    return fail(
      { code: "artifact-missing", file: path, message, hint: "commit the artifact with its document" },
      { cause },
    );
  }
}
