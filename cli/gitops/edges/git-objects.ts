import { runGitBytes } from "./git-run.ts";
import { decodeDocument } from "./document-bytes.ts";

/**
 * Texts of blobs that expressions name (`<oid>`, `<commit>:./path`), in their order, by one process; null where there is none
 * or where it is no UTF-8 text.
 */
export async function readObjects(folder: string, expressions: readonly string[]): Promise<readonly (string | null)[]> {
  if (expressions.length === 0) return [];
  const bytes = await runGitBytes(folder, ["cat-file", "--batch"], `${expressions.join("\n")}\n`);
  const texts: (string | null)[] = [];
  let at = 0;
  while (texts.length < expressions.length && at < bytes.length) {
    const end = bytes.indexOf(10, at);
    const header = decoder.decode(bytes.subarray(at, end));
    const size = /^[0-9a-f]{40,64} (\w+) (\d+)$/.exec(header);
    at = end + 1;
    if (size === null) {
      texts.push(null);
      continue;
    }
    const length = Number(size[2]);
    texts.push(size[1] === "blob" ? decodeDocument(bytes.subarray(at, at + length)) : null);
    at += length + 1;
  }
  return texts;
}

const decoder = new TextDecoder();
