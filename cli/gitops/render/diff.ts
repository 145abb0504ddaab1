import { structuredPatch, type StructuredPatchHunk } from "diff";
import type { FileWrite } from "../core/ports.ts";

/**
 * What `git diff` would say of these writes, so that `git apply` takes it. Files without a difference are left out. A file
 * of bytes is told in a line of its own with its size, which `git apply` reads over.
 */
export function unifiedDiff(files: ReadonlyMap<string, string>, writes: readonly FileWrite[]): string {
  return writes.map(({ path, content }) => fileDiff(path, files.get(path) ?? null, content)).join("");
}

function fileDiff(path: string, before: string | null, after: FileWrite["content"]): string {
  if (after instanceof Uint8Array) return `Binary file ${quoted(path)} (${after.length} bytes)\n`;
  if (before === after) return "";
  const [a, b] = [quoted(`a/${path}`), quoted(`b/${path}`)];
  const head = [`diff --git ${a} ${b}`];
  if (before === null) head.push("new file mode 100644");
  if (after === null) head.push("deleted file mode 100644");
  const { hunks } = structuredPatch(path, path, before ?? "", after ?? "", undefined, undefined, { context: 3 });
  if (hunks.length > 0) {
    head.push(`--- ${before === null ? "/dev/null" : a}${tabAfter(path)}`);
    head.push(`+++ ${after === null ? "/dev/null" : b}${tabAfter(path)}`);
  }
  return [...head, ...hunks.flatMap(hunkLines), ""].join("\n");
}

function hunkLines(hunk: StructuredPatchHunk): string[] {
  const from = range(hunk.oldStart, hunk.oldLines);
  const to = range(hunk.newStart, hunk.newLines);
  return [`@@ -${from} +${to} @@`, ...hunk.lines];
}

/** A range of no lines names the line before it, one of a single line only that line. */
function range(start: number, lines: number): string {
  if (lines === 0) return `${start - 1},0`;
  return lines === 1 ? `${start}` : `${start},${lines}`;
}

/** git ends a name that holds spaces with a tab, so that readers see where it ends. */
function tabAfter(path: string): string {
  return path.includes(" ") && !needsQuotes(path) ? "\t" : "";
}

function needsQuotes(path: string): boolean {
  return /[^\x20-\x7E]|["\\]/.test(path);
}

/** As git quotes names (core.quotePath): bytes outside ASCII in octal. */
function quoted(path: string): string {
  if (!needsQuotes(path)) return path;
  const bytes = [...new TextEncoder().encode(path)];
  return `"${bytes.map(quotedByte).join("")}"`;
}

const letters: Readonly<Record<number, string>> = { 7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r" };

function quotedByte(byte: number): string {
  const letter = letters[byte];
  if (letter !== undefined) return `\\${letter}`;
  if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
  return byte < 0x20 || byte > 0x7e ? `\\${byte.toString(8).padStart(3, "0")}` : String.fromCharCode(byte);
}
