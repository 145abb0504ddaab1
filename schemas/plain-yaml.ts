import { endsLine, isPair, readKey, readLineValue, skipSpaces } from "./plain-line.ts";

/** A text as lines that hold something. A list entry's first line is split: what stands beside the dash becomes a line. */
interface Lines {
  /** Spaces that each begins with. */
  readonly indents: number[];
  readonly bodies: string[];
  at: number;
}

/** No tabs, no control characters, and nothing that some reader takes for a line break or a byte order mark. */
const onlyPlain = /^[\n -~\u00a0-\u2027\u202a-\ufefe\uff00-\uffff]*$/;

const notSpace = /[^ ]/;

/** Deeper nesting is left to `yaml`. */
const maxDepth = 32;

/**
 * Reads the part of YAML that mmsp writes and people mostly write, many times as fast as a parser of all of it, and without
 * loading one: block maps and lists, flow collections and scalars on one line, quotes, comments. Returns a map or a list;
 * undefined where the text is more than that or may be wrong, so that `yaml` has to read it. What this reader takes means to
 * `yaml` the same.
 */
export function readPlainYaml(text: string): unknown {
  const unix = text.includes("\r") ? text.replaceAll("\r\n", "\n") : text;
  if (!onlyPlain.test(unix)) return undefined;
  const lines = linesOf(unix);
  if (lines.bodies[0] === "---" && lines.indents[0] === 0) lines.at = 1;
  if (lines.indents[lines.at] !== 0) return undefined;
  const value = readBlock(lines, 0, 0);
  return lines.at === lines.bodies.length ? value : undefined;
}

function linesOf(text: string): Lines {
  const lines: Lines = { indents: [], bodies: [], at: 0 };
  for (const line of text.split("\n")) {
    const indent = line.search(notSpace);
    if (indent < 0 || line[indent] === "#") continue;
    lines.indents.push(indent);
    lines.bodies.push(line.slice(indent));
  }
  return lines;
}

function readBlock(lines: Lines, indent: number, depth: number): unknown {
  if (depth > maxDepth) return undefined;
  return isEntry(lines) ? readList(lines, indent, depth) : readMap(lines, indent, depth);
}

function isEntry({ bodies, at }: Lines): boolean {
  return bodies[at]?.startsWith("- ") ?? false;
}

function readList(lines: Lines, indent: number, depth: number): unknown {
  const list: unknown[] = [];
  while (lines.indents[lines.at] === indent && isEntry(lines)) {
    const item = readEntry(lines, indent, depth);
    if (item === undefined) return undefined;
    list.push(item);
  }
  return list;
}

/** What stands behind a dash: a map whose first key stands on this line, or a value that ends with it. */
function readEntry(lines: Lines, indent: number, depth: number): unknown {
  const text = lines.bodies[lines.at] ?? "";
  const start = skipSpaces(text, 1);
  if (isPair(text, start)) {
    lines.indents[lines.at] = indent + start;
    lines.bodies[lines.at] = text.slice(start);
    return readBlock(lines, indent + start, depth + 1);
  }
  lines.at++;
  return readLineValue({ text, at: start });
}

function readMap(lines: Lines, indent: number, depth: number): unknown {
  const map: Record<string, unknown> = {};
  while (lines.indents[lines.at] === indent) {
    const cursor = { text: lines.bodies[lines.at] ?? "", at: 0 };
    const key = readKey(cursor, map);
    if (key === undefined) return undefined;
    lines.at++;
    const value = endsLine(cursor) ? readBelow(lines, indent, depth) : readLineValue(cursor);
    if (value === undefined) return undefined;
    map[key] = value;
  }
  return map;
}

/** The value of a key that stands alone on its line. A list may stand as far left as its key. */
function readBelow(lines: Lines, indent: number, depth: number): unknown {
  const below = lines.indents[lines.at] ?? -1;
  if (below < indent || (below === indent && !isEntry(lines))) return null;
  return readBlock(lines, below, depth + 1);
}
