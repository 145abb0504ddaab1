import { maxDocumentBytes } from "../../../schemas/limits.ts";
import type { Problem } from "../../../schemas/problem.ts";

/** Byte for byte what a document says, a byte order mark included, because edits are written back; null where it is no UTF-8 text. */
export function decodeDocument(bytes: Uint8Array): string | null {
  if (bytes.includes(0)) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** What is said of a file with more than `maxDocumentBytes`. */
export function documentTooLarge(file: string): Problem {
  const message = `has more than ${maxDocumentBytes} bytes`;
  return { code: "document-too-large", file, message, hint: "manifests are small: check what is in it" };
}
