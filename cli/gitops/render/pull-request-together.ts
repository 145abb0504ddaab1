import type { Change, Share } from "../core/change.ts";
import type { ChangeSet, LeftOut } from "../core/promote-all.ts";
import { list, section, table } from "./markdown.ts";
import { pullRequestBody } from "./pull-request.ts";
import { code, prose } from "./safe-text.ts";

/** GitHub takes 65,536 characters; what a model's section may not take is left for the table and the list. */
const longestBody = 60_000;
const longestTable = 30_000;
const longestList = 10_000;

/**
 * The body of a pull request for several models: one table of all, what was left out and why, and a section each. Where GitHub
 * would not take all of it, the ends of these are left out, and it is said.
 */
export function pullRequestBodyTogether({ changes, left }: ChangeSet): string {
  const rows = fitting(changes.map(rowOf), longestTable);
  const parts = [
    `Requests to ${modelsOf(changes)} in ${placesOf(changes)} go to other versions than until now.`,
    table(
      ["Model", "Version", "Before", "After"],
      rows.map((row) => row.cells),
    ),
    more(changes.length - rows.length),
    leftOut(left),
  ].filter((part) => part !== null);
  let room = longestBody - parts.join("\n\n").length;
  const sections: string[] = [];
  for (const change of changes) {
    const text = `## ${code(change.model)}\n\n${pullRequestBody(change).trimEnd()}`;
    room -= text.length + 2;
    if (room < 0) break;
    sections.push(text);
  }
  const missing = more(changes.length - sections.length);
  return `${[...parts, ...sections, ...(missing === null ? [] : [missing])].join("\n\n")}\n`;
}

function modelsOf({ length }: readonly Change[]): string {
  return length === 1 ? "one model" : `${length} models`;
}

function placesOf(changes: readonly Change[]): string {
  return [...new Set(changes.flatMap(({ environment }) => environment ?? []))].join(" and ");
}

interface Row {
  readonly cells: readonly string[];
  readonly length: number;
}

function rowOf({ model, version, traffic }: Change): Row {
  const cells = [code(model, "cell"), `${version}`, sharesOf(traffic.before), sharesOf(traffic.after)];
  return { cells, length: cells.join(" | ").length };
}

function sharesOf(shares: readonly Share[]): string {
  return shares.map(({ version, percent }) => `${version}: ${percent} %`).join(", ") || "none";
}

function leftOut(left: readonly LeftOut[]): string | null {
  const lines = left.map(({ model, reason }) => `${code(model)}: ${prose(reason)}`);
  const shown = fitting(lines, longestList);
  return section("Left as they are", list(shown), more(lines.length - shown.length));
}

/** As many from the start as have room. */
function fitting<T extends { readonly length: number }>(pieces: readonly T[], room: number): readonly T[] {
  let used = 0;
  return pieces.filter((piece) => (used += piece.length + 10) <= room);
}

function more(count: number): string | null {
  return count > 0 ? `And ${count} more models, for which there is no room here: the diff has all of them.` : null;
}
