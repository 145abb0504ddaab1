import { maxEvidenceBytes } from "./limits.ts";

/** UTF-16 units of one line, as `Line` in schemas/fields.ts allows them. */
const maxLine = 512;

/** One piece of evidence; a long annotation must not crowd out the others. */
const maxValue = 256;

/** Keys longer than this are no names of measurements. */
const maxKey = 64;

/**
 * Untrusted text as one printable line of at most `max` UTF-16 units: control characters, line separators and the invisible
 * ones that turn text around in a terminal or a pull request become spaces; what was cut off shows as an ellipsis.
 */
export function oneLine(text: string, max: number = maxLine): string {
  const line = text
    .toWellFormed()
    .replace(/[\s\p{C}\p{Zl}\p{Zp}]+/gu, " ")
    .trim();
  return clip(line, line.length <= max, (candidate) => candidate.length <= max);
}

/**
 * Untrusted evidence as a document may hold it: one line each, 1 KiB of UTF-8 for keys and values together. What comes
 * first is kept first; the entry that meets the limit is cut short, those after it are left out.
 */
export function clipEvidence(evidence: Iterable<readonly [string, string]>): Record<string, string> {
  const kept = new Map<string, string>();
  let left = maxEvidenceBytes;
  for (const [rawKey, rawValue] of evidence) {
    const key = oneLine(rawKey, maxKey);
    const value = oneLine(rawValue, maxValue);
    if (key === "" || value === "" || kept.has(key)) continue;
    const room = left - bytesOf(key);
    const clipped = clip(value, bytesOf(value) <= room, (candidate) => bytesOf(candidate) <= room);
    if (room < 0 || (clipped === "" && value !== "")) break;
    kept.set(key, clipped);
    left = room - bytesOf(clipped);
  }
  return Object.fromEntries(kept);
}

/** The longest beginning, in whole characters, that fits together with an ellipsis; empty when nothing does. */
function clip(text: string, whole: boolean, fits: (candidate: string) => boolean): string {
  if (whole) return text;
  const characters = Array.from(text);
  let low = 0;
  let high = characters.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(`${characters.slice(0, middle).join("")}…`)) low = middle;
    else high = middle - 1;
  }
  return low === 0 ? "" : `${characters.slice(0, low).join("")}…`;
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}
