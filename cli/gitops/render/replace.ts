import { isScalar, type Node } from "yaml";
import { isRecord } from "./compare.ts";
import { blockLines, flowText, inlineText, type Style } from "./house-style.ts";
import { joined, linesBelow, withoutLines } from "./block.ts";
import { bodyColumn, entriesOf, isBlock, isBlockScalar, isMissing, type Entry } from "./locate.ts";
import { readsBack, scalarText, unprintable, type Quoting } from "./scalar.ts";
import { columnOf, lineEnd, startsLine, type Source } from "./source.ts";
import { deletion, insertion, type Splice } from "./splice.ts";

/** Where a value stands. */
export interface Place extends Pick<Entry, "key" | "node" | "start" | "end" | "slot"> {
  readonly holder: "root" | "block" | "flow";
  readonly style: Style;
}

/** Writes another value in the place of one. Quotes, the comment behind it and what is around it stay. */
export function replaceValue(source: Source, place: Place, next: unknown): Splice[] {
  const { node, slot } = place;
  const lines = place.holder === "block" ? linesFor(source, place, next) : null;
  if (lines !== null) return putLines(source, place, lines);
  if (node === null) return [missingColon(source, place, next)];
  if (isMissing(node)) return slot === null ? [] : [insertion(slot, ` ${oneLine(place, next)}`)];
  if (isBlockScalar(node)) return replaceBlockScalar(source, place, next);
  if (isBlock(node) && slot !== null && startsLine(source.text, node.range?.[0] ?? 0)) {
    const first = entriesOf(source, node)?.[0];
    return [insertion(slot, ` ${oneLine(place, next)}`), withoutLines(source, first?.start ?? slot, place.end)];
  }
  return [{ start: startOf(source, node), end: place.end, text: oneLine(place, next) }];
}

/** Where a value begins, in block style before the anchor of its first key. */
function startOf(source: Source, node: Node): number {
  const start = node.range?.[0] ?? 0;
  return isBlock(node) ? (entriesOf(source, node)?.[0]?.start ?? start) : start;
}

function oneLine(place: Place, next: unknown): string {
  const context = place.holder === "flow" ? "flow" : "block";
  if (typeof next !== "string") return flowText(next, place.style, context);
  return scalarText(next, quotingOf(place.node, place.style), context);
}

function quotingOf(node: Node | null, style: Style): Quoting {
  if (!isScalar(node) || typeof node.value !== "string") return style.strings;
  if (node.type === "QUOTE_DOUBLE") return "double";
  return node.type === "QUOTE_SINGLE" ? "single" : "kept";
}

/** Lines of a value that is better in block style, and the column they stand at; null where one line is fine. */
function linesFor(source: Source, place: Place, next: unknown): { lines: string[]; column: number } | null {
  if (typeof next !== "object" || next === null) return null;
  const { node, slot, style, key } = place;
  const at = node === null || isMissing(node) ? null : startOf(source, node);
  const from = at === null ? columnOf(source.text, place.end) + 1 : columnOf(source.text, at);
  if (slot === null || inlineText(next, style, from) !== null) return null;
  const own = columnOf(source.text, place.start);
  const underKey = own + (isRecord(next) || style.indentsLists ? style.step : 0);
  const besideDash = at !== null && columnOf(source.text, at) > own ? columnOf(source.text, at) : own + 2;
  const column = key === null ? besideDash : underKey;
  return { lines: blockLines(next, style, column), column };
}

function putLines(source: Source, place: Place, { lines, column }: { lines: string[]; column: number }): Splice[] {
  const { node, slot, end } = place;
  const { text } = source;
  const below = linesBelow(source, lines, column);
  const behindSlot = slot ?? place.end;
  // Behind an anchor, `- &a k: v` would name the key and not the map.
  const compact = place.key === null && text[behindSlot - 1] === "-";
  if (node === null || isMissing(node)) {
    return compact
      ? [insertion(behindSlot, ` ${joined(source, lines, column)}`)]
      : [insertion(lineEnd(text, behindSlot), below)];
  }
  const start = startOf(source, node);
  if (isBlock(node) || compact) {
    if (!startsLine(text, start)) return [{ start, end, text: joined(source, lines, column) }];
    const first = withoutLines(source, start, end);
    return [{ ...first, text: below }];
  }
  const direct = /^[ \t]*$/.test(text.slice(behindSlot, start));
  return [...emptied(source, place, direct ? behindSlot : start), insertion(lineEnd(text, end), below)];
}

/** Takes out a value that is not in block style; of a block scalar, the comment of its header stays. */
function emptied(source: Source, place: Place, from: number): Splice[] {
  if (!isBlockScalar(place.node)) return [deletion(from, place.end)];
  const header = headerOf(source, place.node);
  return [deletion(from, header.end), deletion(lineEnd(source.text, header.end), place.end)];
}

function headerOf(source: Source, node: Node | null): { start: number; end: number; text: string } {
  const start = node?.range?.[0] ?? 0;
  const text = /^[|>][-+0-9]*/.exec(source.text.slice(start))?.[0] ?? "";
  return { start, end: start + text.length, text };
}

/** A key without a colon. */
function missingColon(source: Source, place: Place, next: unknown): Splice {
  const text = `: ${flowText(next, place.style, "flow")}`;
  if (place.holder === "flow") return insertion(place.end, text);
  return insertion(lineEnd(source.text, place.end), source.eol + " ".repeat(columnOf(source.text, place.start)) + text);
}

function replaceBlockScalar(source: Source, place: Place, next: unknown): Splice[] {
  const header = headerOf(source, place.node);
  const headerLineEnd = Math.min(lineEnd(source.text, header.end), place.end);
  const written = typeof next === "string" ? blockScalar(source, header, place.end, next) : null;
  return [
    { start: header.start, end: header.end, text: written?.header ?? oneLine(place, next) },
    { start: headerLineEnd, end: place.end, text: written?.body ?? "" },
  ];
}

/** A text after `|` or `>`, indented as the old one; null where it cannot be written so. */
function blockScalar(source: Source, header: { end: number; text: string }, end: number, next: string) {
  const columns = bodyColumn(source.text, header.end, end);
  const content = next.replace(/\n$/, "");
  if (columns === null || content === "" || content.endsWith("\n")) return null;
  if (unprintable.test(content.replaceAll("\n", ""))) return null;
  const mark = header.text.startsWith(">") && !content.includes("\n") ? ">" : "|";
  const text = mark + (next.endsWith("\n") ? "" : "-");
  const body = (indent: string, eol: string) =>
    content
      .split("\n")
      .map((line) => (line === "" ? eol : eol + indent + line))
      .join("");
  if (!readsBack(`k: ${text}${body("  ", "\n")}\n`, { k: next }, next)) return null;
  return { header: text, body: body(" ".repeat(columns), source.eol) };
}
