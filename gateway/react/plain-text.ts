import { maxEvidenceBytes } from "../../schemas/rules.ts";

/** In characters, of which each may be two UTF-16 units; the schema's lines hold 512 units. */
const maxValue = 200;
const maxReason = 256;

/**
 * One line out of untrusted text: control characters, line separators and the invisible ones that turn text around
 * in a terminal or a pull request become spaces; what has more than `maxLength` characters ends in "…".
 */
export function oneLine(text: string, maxLength: number): string {
  const line = text.replaceAll(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, " ").trim();
  const points = Array.from(line);
  return points.length <= maxLength ? line : `${points.slice(0, maxLength - 1).join("")}…`;
}

/** A reason that a commit, a reply and a log can carry. */
export function clipReason(text: string): string {
  return oneLine(text, maxReason);
}

/**
 * As many entries, in their order, as fit into `maxEvidenceBytes`; names and values one line each, empty ones left
 * out.
 */
export function clipEvidence(entries: Iterable<readonly [string, string]>): Readonly<Record<string, string>> {
  const kept = new Map<string, string>();
  let left = maxEvidenceBytes;
  for (const [rawName, rawValue] of entries) {
    const name = oneLine(rawName, 63);
    const value = oneLine(rawValue, maxValue);
    const bytes = Buffer.byteLength(name) + Buffer.byteLength(value);
    if (name === "" || value === "" || kept.has(name) || bytes > left) continue;
    kept.set(name, value);
    left -= bytes;
  }
  return Object.fromEntries(kept);
}
