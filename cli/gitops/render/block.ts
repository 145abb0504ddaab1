import type { Layout } from "./align.ts";
import { bodyColumn, isBlockScalar, keepsBlankLines, lastLeaf, type Entry } from "./locate.ts";
import { columnOf, isBlank, lineEnd, lineStart, previousLineEnd, startsLine, type Source } from "./source.ts";
import { deletion, insertion, type Splice } from "./splice.ts";

/** What happens to a collection in block style. */
interface BlockEdit {
  /** At least one. */
  readonly entries: readonly Entry[];
  /** New entries as lines without the indentation of the collection. */
  readonly layout: Layout<readonly string[]>;
  /** Where `[]` or `{}` goes when nothing is left; null where the collection begins beside other things. */
  readonly slot: number | null;
  readonly empty: "[]" | "{}";
}

/**
 * Whole lines come and go: an entry goes with its own end-of-line comment, comments on other lines stay. A new entry
 * stands right below the one that it follows, above comments and blank lines that belong to the next.
 */
export function editBlock(source: Source, edit: BlockEdit): Splice[] {
  const { entries, layout } = edit;
  const [first] = entries;
  if (first === undefined) throw new RangeError("a block collection has entries");
  const column = columnOf(source.text, first.start);
  if (!layout.stays.includes(true)) return replaceAll(source, edit, first, column);
  const added = layout.added.map(({ after, entry }) => {
    const previous = entries[after];
    if (previous) return insertion(behind(source, previous, column), linesBelow(source, entry, column));
    const next = entries[layout.stays.indexOf(true)] ?? first;
    return insertion(next.start, joined(source, entry, column) + source.eol + " ".repeat(column));
  });
  return [...added, ...removals(source, edit, column)];
}

/** Lines that follow one, each with its line break before it. */
export function linesBelow(source: Source, lines: readonly string[], column: number): string {
  return lines.map((line) => source.eol + " ".repeat(column) + line).join("");
}

/** Lines of which the first stands where the text is put. */
export function joined(source: Source, lines: readonly string[], column: number): string {
  return lines.join(source.eol + " ".repeat(column));
}

/** Takes the lines out on which a value stands; the line before keeps its line break to itself. */
export function withoutLines(source: Source, start: number, end: number): Splice {
  const { text } = source;
  return deletion(previousLineEnd(text, start) ?? lineStart(text, start), lineEnd(text, end));
}

/** Behind the line that an entry ends on, and the deeper comments below it: they are about what is inside the entry. */
function behind(source: Source, entry: Entry, column: number): number {
  return deeperComments(source, entry.end, column).reduce((_, line) => line.end, lineEnd(source.text, entry.end));
}

/** Lines below `at`, up to the next value, that hold only a comment which stands further right than `column`. */
function deeperComments(source: Source, at: number, column: number): { start: number; end: number }[] {
  const { text } = source;
  const found: { start: number; end: number }[] = [];
  for (let end = lineEnd(text, at); end < text.length;) {
    const start = text.indexOf("\n", end) + 1;
    end = lineEnd(text, start);
    const line = text.slice(start, end);
    if (isBlank(line)) continue;
    if ((/^ *(?=#)/.exec(line)?.[0].length ?? 0) <= column) break;
    found.push({ start, end });
  }
  return found;
}

/** Nothing stays: the first entry makes room for the new ones, or for `[]`. */
function replaceAll(source: Source, edit: BlockEdit, first: Entry, column: number): Splice[] {
  const rest = edit.entries.slice(1).map((entry) => withoutLines(source, entry.start, entry.end));
  const lines = edit.layout.added.flatMap(({ entry }) => entry);
  if (lines.length > 0) return [{ start: first.start, end: first.end, text: joined(source, lines, column) }, ...rest];
  if (edit.slot === null || !startsLine(source.text, first.start)) {
    return [{ start: first.start, end: first.end, text: edit.empty }, ...rest];
  }
  return [insertion(edit.slot, ` ${edit.empty}`), withoutLines(source, first.start, first.end), ...rest];
}

function removals(source: Source, edit: BlockEdit, column: number): Splice[] {
  const { entries, layout } = edit;
  const firstStaying = layout.stays.indexOf(true);
  const start = entries[0]?.start ?? 0;
  const atEdge = !startsLine(source.text, start) || previousLineEnd(source.text, start) === null;
  const lead = atEdge && firstStaying > 0 ? leadingRun(source, entries, firstStaying) : null;
  const gone = entries.flatMap((entry, at) => {
    if (layout.stays[at] || (lead !== null && entry.start < lead.end)) return [];
    return [withoutLines(source, entry.start, entry.end), ...pulledOut(source, edit, at, column)];
  });
  return lead === null ? gone : [lead, ...gone];
}

/** Entries that go from the line of a dash, or from the top of the file: what comes next moves up, entry or comment. */
function leadingRun(source: Source, entries: readonly Entry[], firstStaying: number): Splice {
  const start = entries[0]?.start ?? 0;
  for (let at = 0; at < firstStaying; at++) {
    const from = lineEnd(source.text, entries[at]?.end ?? 0);
    const between = source.text.slice(from, entries[at + 1]?.start);
    const comment = between.indexOf("#");
    if (comment >= 0) return deletion(start, from + comment);
  }
  return deletion(start, entries[firstStaying]?.start ?? start);
}

/**
 * Below a removed entry, what a block scalar that now stands right above would take for its text: deeper comments move
 * left to where the entry stood, and blank lines go where the scalar keeps them.
 */
function pulledOut(source: Source, edit: BlockEdit, at: number, column: number): Splice[] {
  const above = edit.layout.stays.lastIndexOf(true, at);
  const entry = edit.entries[at];
  const leaf = lastLeaf(edit.entries[above]?.node ?? null);
  if (!entry || !isBlockScalar(leaf)) return [];
  const textColumn = bodyColumn(source.text, leaf?.range?.[0] ?? 0, leaf?.range?.[1] ?? 0) ?? 0;
  const comments = deeperComments(source, entry.end, column).flatMap(({ start, end }) => {
    const comment = source.text.slice(start, end).indexOf("#");
    return comment < textColumn ? [] : [deletion(start + column, start + comment)];
  });
  if (!keepsBlankLines(source.text, leaf)) return comments;
  const from = lineEnd(source.text, entry.end);
  const blank = /^(\r?\n[ \t]*(?=\r?\n))*/.exec(source.text.slice(from))?.[0].length ?? 0;
  return [deletion(from, from + blank), ...comments];
}
