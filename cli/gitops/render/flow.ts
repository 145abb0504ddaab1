import type { Layout } from "./align.ts";
import type { Collection, Entry } from "./locate.ts";
import { isBlank, lineEnd, lineStart, previousLineEnd, startsLine, type Source } from "./source.ts";
import { deletion, insertion, type Splice } from "./splice.ts";

interface FlowEdit {
  /** With braces or brackets of its own. */
  readonly node: Collection;
  readonly entries: readonly Entry[];
  /** New entries as text. */
  readonly layout: Layout<string>;
}

/** Entries come and go with their comma; comments between the brackets stay. */
export function editFlow(source: Source, edit: FlowEdit): Splice[] {
  const { node, entries } = edit;
  const [start, end] = node.range ?? [0, 0];
  const { stays, added, rewritten } = exchange(edit.layout);
  if (entries.length === 0) return [insertion(start + 1, [...added.values()].flat().join(", "))];
  const commas = entries.map((entry, at) => commaBehind(source.text, entry.end, entries[at + 1]?.start ?? end - 1));
  const edges = [start, ...entries.flatMap((entry) => [entry.start, entry.end]), end];
  const commented = edges.some((edge, at) => at % 2 === 0 && source.text.slice(edge, edges[at + 1]).includes("#"));
  if (!stays.includes(true) && !commented) {
    return [deletion(start + 1, end - 1)];
  }
  const removed = entries.flatMap((entry, at) => {
    if (stays[at]) return [];
    return commented ? withComma(source.text, entry, commas[at] ?? null) : closeGap(entries, stays, at);
  });
  return [
    ...entries.flatMap(({ start, end }, at) =>
      rewritten.has(at) ? [{ start, end, text: rewritten.get(at) ?? "" }] : [],
    ),
    ...[...added].flatMap(([after, texts]) =>
      insertBehind(source, entries[after], commas[after] ?? null, texts, entries),
    ),
    ...removed,
  ];
}

/** Where entries go and others come at one place, the new are written over the old. */
function exchange(layout: Layout<string>) {
  const stays = [...layout.stays];
  const rewritten = new Map<number, string>();
  const added = new Map<number, string[]>();
  const behind = new Map<number, number>();
  for (const { after, entry } of layout.added) {
    const last = behind.get(after) ?? after;
    if (layout.stays[last + 1] === false) {
      stays[last + 1] = true;
      rewritten.set(last + 1, entry);
      behind.set(after, last + 1);
    } else {
      added.set(last, [...(added.get(last) ?? []), entry]);
    }
  }
  return { stays, added, rewritten };
}

/** Offset of the comma behind an entry; between entries stand only white space, comments and commas. */
function commaBehind(text: string, from: number, to: number): number | null {
  const gap = /^(?:[ \t\r\n]|#[^\n]*\n)*,/.exec(text.slice(from, to));
  return gap === null ? null : from + gap[0].length - 1;
}

/** Without comments in the way: an entry goes with the space up to the next, the last ones with the space before them. */
function closeGap(entries: readonly Entry[], stays: readonly boolean[], at: number): Splice[] {
  const entry = entries[at];
  const [previous, next] = [entries[at - 1], entries[at + 1]];
  if (!entry) return [];
  const trailing = at > stays.lastIndexOf(true);
  if (trailing) return [deletion(previous?.end ?? entry.start, entry.end)];
  return [deletion(entry.start, next?.start ?? entry.end)];
}

/** With comments around: only the entry and its comma go, and the line when nothing else is on it. */
function withComma(text: string, entry: Entry, comma: number | null): Splice[] {
  if (comma !== null && !isBlank(text.slice(entry.end, comma))) {
    return [deletion(entry.start, entry.end), deletion(comma, comma + 1)];
  }
  const end = comma === null ? entry.end : comma + 1;
  const from = previousLineEnd(text, entry.start);
  const alone = startsLine(text, entry.start) && isBlank(text.slice(end, lineEnd(text, end)));
  return alone && from !== null ? [deletion(from, lineEnd(text, end))] : [deletion(entry.start, end)];
}

/** In a collection of one entry a line, the new ones get lines of their own. */
function insertBehind(
  source: Source,
  entry: Entry | undefined,
  comma: number | null,
  texts: readonly string[],
  entries: readonly Entry[],
): Splice[] {
  const { text } = source;
  const anchor = entry ?? entries[0];
  if (!anchor) return [];
  const ownLine = startsLine(text, anchor.start);
  const separator = ownLine ? source.eol + text.slice(lineStart(text, anchor.start), anchor.start) : " ";
  if (!entry) return [insertion(anchor.start, texts.map((added) => `${added},${separator}`).join(""))];
  const behind = comma === null ? entry.end : comma + 1;
  const restOfLine = text.slice(behind, lineEnd(text, behind));
  if (!ownLine || !/^[ \t]*(#|$)/.test(restOfLine)) {
    return [insertion(entry.end, texts.map((added) => `,${separator}${added}`).join(""))];
  }
  const lines = texts.map((added) => separator + added);
  if (comma !== null) return [insertion(lineEnd(text, behind), lines.map((line) => `${line},`).join(""))];
  return [insertion(entry.end, ","), insertion(lineEnd(text, behind), lines.join(","))];
}
