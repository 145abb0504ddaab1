import { fail } from "../../../../schemas/problem.ts";
import type { BlobAnswer, FileEntry } from "./query.ts";

/** Mode of a symbolic link: its text is another path, not a document. */
const symlink = 0o120000;

/**
 * The text of a document, whole and as it is in git; null where there is no such file (a folder, a link). GitHub cuts long
 * texts and re-encodes what is not UTF-8, and an edit of such a text would destroy what it does not show.
 */
export function textOf(path: string, entry: FileEntry | null): string | null {
  if (entry === null || entry.type !== "blob" || entry.mode === symlink) return null;
  return textOfBlob(path, entry.object ?? null);
}

export function textOfBlob(path: string, blob: BlobAnswer | null): string {
  if (blob?.isTruncated === true) {
    fail({
      code: "document-too-large",
      file: path,
      message: `has ${blob.byteSize ?? "too many"} bytes, more than GitHub's API shows`,
      hint: "a manifest has a few hundred lines: see what got into this file",
    });
  }
  const text = blob?.text ?? null;
  if (blob === null || text === null || Buffer.byteLength(text) !== blob.byteSize) {
    fail({
      code: "document-not-text",
      file: path,
      message: "is not UTF-8 text",
      hint: "save the file as UTF-8 without a byte order mark and commit it",
    });
  }
  return text;
}
