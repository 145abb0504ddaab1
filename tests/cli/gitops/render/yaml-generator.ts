import * as fc from "fast-check";

/** Decisions, one after the other; what shrinks to zeros shrinks to the plainest document. */
export type Tape = (choices: number) => number;

export const tapes: fc.Arbitrary<readonly number[]> = fc.array(fc.nat(9999), {
  minLength: 4,
  maxLength: 120,
  size: "max",
});

export function tapeOf(decisions: readonly number[]): Tape {
  let at = 0;
  return (choices) => ((decisions[at % decisions.length] ?? 0) + 7 * Math.floor(at++ / decisions.length)) % choices;
}

const scalars: readonly string[] = [
  "1",
  "plain",
  "two words",
  '"double # quoted"',
  "'single ''quoted'''",
  "true",
  "null",
  "~",
  "",
  "3.50",
  '"2026-11-20T09:12:00Z"',
  "2026-11-20T09:12:00Z",
  '"0123456789"',
  "a#b:c",
  '"multi\\nline"',
];

const strings = [
  "x",
  "true",
  "no",
  "1e3",
  "0123",
  "2026-01-01",
  "",
  " lead",
  "a: b",
  "a # b",
  "[x",
  "it's",
  "two\nlines",
  "é\u2028",
  "- a",
  "*a",
  "{b}",
  "a, b",
  "y",
  "null",
  "trail\n",
  "a".repeat(110),
  "\ud800",
  "\t",
  "0x10",
  "1:30",
  "=",
  "<<",
  "%a",
  "@b",
  "`c`",
  "---",
  "? q",
  "\ufeff",
];

/** A random JSON value for an edit. */
export function valueFrom(tape: Tape, depth = 2): unknown {
  const kind = tape(depth > 0 ? 8 : 5);
  if (kind === 0) return tape(1000);
  if (kind === 1) return [true, false, null, 0.5, -3, 1e30][tape(6)];
  if (kind < 5) return strings[tape(strings.length)];
  if (kind < 7)
    return Object.fromEntries(Array.from({ length: tape(7) }, () => [keyFrom(tape), valueFrom(tape, depth - 1)]));
  return Array.from({ length: tape(4) }, () => valueFrom(tape, depth - 1));
}

function keyFrom(tape: Tape): string {
  return ["a", "b", "c", "d", "long key", "on", "1", "x: y", "é", "-", "constructor", "#"][tape(12)] ?? "a";
}

/** The text of a random document: comments, quotes, blank lines, styles and indentation as people write them. */
export function textFrom(tape: Tape): string {
  let comments = 0;
  const comment = () => `# note ${String(++comments).padStart(3, "0")}${tape(3) === 0 ? ": 'x' \"y\" [z" : ""}`;
  const eolComment = () => (tape(4) === 0 ? ` ${comment()}` : "");
  const space = () => " ".repeat(tape(6) === 0 ? 2 : 1);
  const step = [2, 4, 1, 3][tape(4)] ?? 2;
  const indentless = tape(2) === 0;

  function key(at: number): string {
    const name = `k${at}`;
    return [name, name, `"${name}"`, `'${name}'`, `? ${name}`][tape(5)] ?? name;
  }

  function between(column: number): string[] {
    const lines: string[] = [];
    while (tape(5) === 0 && lines.length < 3) lines.push(tape(3) === 0 ? "" : " ".repeat(column) + comment());
    return lines;
  }

  function scalar(flow: boolean): string {
    const text = scalars[tape(scalars.length)] ?? "";
    return flow && text === "" ? "null" : text;
  }

  function flow(depth: number, column: number): string {
    const lines = tape(4) === 0;
    const json = tape(4) === 0;
    const break_ = () =>
      lines ? `${tape(3) === 0 ? ` ${comment()}` : ""}\n${" ".repeat(column + 1 + tape(3))}` : " ".repeat(tape(2));
    const isMap = tape(2) === 0;
    const entries = Array.from({ length: tape(4) }, (_, at) => {
      const value = depth > 0 && tape(3) === 0 ? flow(depth - 1, column + 2) : scalar(true);
      if (!isMap) return tape(9) === 0 ? `s${at}: ${value}` : value;
      return json ? `"k${at}":${tape(2) === 0 ? " " : ""}${value}` : tape(9) === 0 ? `k${at}` : `k${at}: ${value}`;
    });
    const body = entries.map((entry, at) =>
      at === entries.length - 1 ? entry : `${entry}${lines && tape(4) === 0 ? break_() : ""},`,
    );
    const text =
      body.map((entry) => break_() + entry).join("") + (entries.length > 0 && tape(4) === 0 ? "," : "") + break_();
    return isMap ? `{${text}}` : `[${text}]`;
  }

  function blockScalar(column: number): string[] {
    const header = ["|", "|-", "|+", ">", ">-"][tape(5)] ?? "|";
    const lines = [["one"], ["one", "two"], ["one", "", "two # no comment"], ["one", "  deeper"]][tape(4)] ?? [];
    const body = lines.map((line) => (line === "" ? "" : " ".repeat(column) + line));
    return [`${header}${eolComment()}`, ...body, ...(tape(4) === 0 ? [""] : [])];
  }

  /** Lines of a value that begins behind `lead` (a key with its colon, or a dash). */
  function value(lead: string, column: number, depth: number, inList: boolean): string[] {
    const kind = tape(depth > 0 ? 10 : 4);
    const indent = " ".repeat(column);
    if (kind < 2 || kind === 3) {
      const text = scalar(false);
      return [`${indent}${lead}${text === "" ? "" : space() + text}${eolComment()}`];
    }
    if (kind === 2) {
      const [first = "", ...rest] = blockScalar(column + step);
      return [`${indent}${lead} ${first}`, ...rest];
    }
    if (kind < 6) return [`${indent}${lead}${space()}${flow(1, column + 1)}${eolComment()}`];
    const isMap = kind < 8;
    if (inList && tape(2) === 0) {
      const [first = "", ...rest] = isMap ? map(column + 2, depth - 1) : list(column + 2, depth - 1);
      // The first entry stands beside the dash, if it begins there and not with a comment.
      if (first.trim() !== "" && !first.trim().startsWith("#"))
        return [`${indent}${lead} ${first.trimStart()}`, ...rest];
      return [`${indent}${lead}`, first, ...rest];
    }
    const under = column + (isMap || inList || !indentless ? step : 0);
    const head = `${indent}${lead}${eolComment()}`;
    const tail = tape(6) === 0 ? [`${" ".repeat(column + 1)}${comment()}`] : [];
    const body = isMap ? map(under, depth - 1) : list(under, depth - 1);
    return [head, ...body, ...tail];
  }

  function map(column: number, depth: number): string[] {
    return Array.from({ length: 1 + tape(4) }, (_, at) => {
      const name = key(at);
      const colon = tape(9) === 0 && !name.startsWith("?") ? " :" : ":";
      if (name.startsWith("?"))
        return [...between(column), `${" ".repeat(column)}${name}`, ...value(":", column, depth, false)];
      return [...between(column), ...value(name + colon, column, depth, false)];
    }).flat();
  }

  function list(column: number, depth: number): string[] {
    return Array.from({ length: 1 + tape(4) }, () => [...between(column), ...value("-", column, depth, true)]).flat();
  }

  const head = ["", "# first\n\n", "---\n", "%YAML 1.2\n---\n", "--- # doc\n", "\ufeff"][tape(6)] ?? "";
  const tail = ["\n", "", "\n...\n", "\n\n# last\n", "\n# last"][tape(5)] ?? "";
  const text = head + map(0, 3).join("\n") + tail;
  return tape(3) === 0 ? text.replaceAll("\n", "\r\n") : text;
}

/** `value` after a few random edits; the old one is left as it is. */
export function editedFrom(tape: Tape, value: unknown): unknown {
  let result = value;
  for (let edits = 1 + tape(4); edits > 0; edits--) result = edit(tape, result, true);
  return result;
}

function edit(tape: Tape, value: unknown, isRoot = false): unknown {
  if (Array.isArray(value)) {
    const items: unknown[] = [...value];
    const at = tape(items.length + 1);
    const kind = tape(6);
    if (kind === 0 && !isRoot) return tape(3) === 0 ? [] : valueFrom(tape);
    if (kind === 1) items.splice(at, 1);
    else if (kind === 2) items.splice(at, 0, valueFrom(tape));
    else if (kind === 3) items.push(valueFrom(tape));
    else if (kind === 4 && items.length > 0) items[at % items.length] = edit(tape, items[at % items.length]);
    else items.unshift(valueFrom(tape));
    return items;
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value);
    const at = tape(Math.max(1, entries.length));
    const kind = tape(7);
    if (kind === 0 && !isRoot) return tape(3) === 0 ? {} : valueFrom(tape);
    if (kind === 1) return Object.fromEntries(entries.filter((_, index) => index !== at));
    if (kind === 2) return { ...value, [keyFrom(tape)]: valueFrom(tape) };
    if (kind === 3)
      return Object.fromEntries([...entries.slice(0, at), [keyFrom(tape), valueFrom(tape)], ...entries.slice(at)]);
    return Object.fromEntries(entries.map(([key, item], index) => [key, index === at ? edit(tape, item) : item]));
  }
  return valueFrom(tape);
}
