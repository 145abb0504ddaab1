/** A line that is being read. */
export interface Cursor {
  readonly text: string;
  at: number;
}

/** Deeper nesting is left to `yaml`. */
const maxDepth = 16;

const name = /(?:([A-Za-z_][\w./-]{0,127})|"([\w./ -]{0,128})"):(?= |$)/y;
const doubleQuoted = /"([^"\\]*(?:\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4})[^"\\]*)*)"/y;
const singleQuoted = /'([^']*(?:''[^']*)*)'/y;
// A plain scalar ends before `: ` and ` #`, inside brackets also before what belongs to these.
const blockPlain = /(?:[^ \-?:,[\]{}#&*!|>'"%@`~<=]|-(?=[^ ]))(?:[^ :]|:(?! |$)| +(?![ #]|$))*/y;
const flowPlain =
  /(?:[^ \-?:,[\]{}#&*!|>'"%@`~<=]|-(?=[^ ,[\]{}]))(?:[^ :,[\]{}]|:(?![ ,[\]{}]|$)| +(?![ #:,[\]{}]|$))*/y;
const rest = /(?: +(?:#.*)?)?$/y;

const number = /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,17})?(?:[Ee][+-]?\d{1,3})?$/;
/** What YAML's core schema has besides: null, other words for true and false, other ways to write numbers. */
const otherValue =
  /^(?:[Nn]ull|NULL|True|TRUE|False|FALSE|0o[0-7]+|0x[\dA-Fa-f]+|[+-]?\d+|[+-]?(?:\.\d+|\d+(?:\.\d*)?)(?:[Ee][+-]?\d+)?|[+-]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;

/** Position of the first character from `at` that is no space. */
export function skipSpaces(text: string, at: number): number {
  let behind = at;
  while (text[behind] === " ") behind++;
  return behind;
}

/** Whether a key and its colon stand at a position. */
export function isPair(text: string, at: number): boolean {
  name.lastIndex = at;
  return name.test(text);
}

/** Whether nothing but a comment follows. */
export function endsLine({ text, at }: Cursor): boolean {
  rest.lastIndex = at;
  return rest.test(text);
}

/** A key that `map` does not have, and its colon; undefined where there is none. */
export function readKey(cursor: Cursor, map: Readonly<Record<string, unknown>>): string | undefined {
  const found = match(name, cursor);
  const key = found?.[1] ?? found?.[2];
  return key === undefined || key === "__proto__" || Object.hasOwn(map, key) ? undefined : key;
}

/** The value that a line ends with; undefined where there is none, or something else follows. */
export function readLineValue(cursor: Cursor): unknown {
  const value = readValue(cursor, blockPlain, 0);
  return endsLine(cursor) ? value : undefined;
}

function readValue(cursor: Cursor, plain: RegExp, depth: number): unknown {
  cursor.at = skipSpaces(cursor.text, cursor.at);
  const first = cursor.text[cursor.at];
  if (first === "{") return readFlowMap(cursor, depth + 1);
  if (first === "[") return readFlowList(cursor, depth + 1);
  if (first === '"') return unescaped(match(doubleQuoted, cursor)?.[1]);
  if (first === "'") return match(singleQuoted, cursor)?.[1]?.replaceAll("''", "'");
  return resolved(match(plain, cursor)?.[0]);
}

function readFlowMap(cursor: Cursor, depth: number): unknown {
  const map: Record<string, unknown> = {};
  const isWhole = readFlow(cursor, "}", depth, () => {
    const key = readKey(cursor, map);
    const value = key === undefined ? undefined : readValue(cursor, flowPlain, depth);
    if (key === undefined || value === undefined) return false;
    map[key] = value;
    return true;
  });
  return isWhole ? map : undefined;
}

function readFlowList(cursor: Cursor, depth: number): unknown {
  const list: unknown[] = [];
  const isWhole = readFlow(cursor, "]", depth, () => {
    const value = readValue(cursor, flowPlain, depth);
    return value !== undefined && list.push(value) > 0;
  });
  return isWhole ? list : undefined;
}

/** The entries of a flow collection, from bracket to bracket, with one comma between two; whether that is what is there. */
function readFlow(cursor: Cursor, close: "}" | "]", depth: number, readEntry: () => boolean): boolean {
  const { text } = cursor;
  cursor.at = skipSpaces(text, cursor.at + 1);
  if (text[cursor.at] === close) return cursor.at++ > 0;
  if (depth > maxDepth) return false;
  while (readEntry()) {
    const behind = skipSpaces(text, cursor.at);
    cursor.at = behind + 1;
    if (text[behind] !== ",") return text[behind] === close;
    cursor.at = skipSpaces(text, cursor.at);
  }
  return false;
}

function match(pattern: RegExp, cursor: Cursor): RegExpExecArray | null {
  pattern.lastIndex = cursor.at;
  const found = pattern.exec(cursor.text);
  if (found !== null) cursor.at = pattern.lastIndex;
  return found;
}

/** Escapes that JSON has mean in YAML the same. */
function unescaped(text: string | undefined): unknown {
  return text?.includes("\\") ? JSON.parse(`"${text}"`) : text;
}

/** A plain scalar's value; undefined where only `yaml` is to say what it means. */
function resolved(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  if (text === "true" || text === "false") return text === "true";
  if (number.test(text)) return Number(text);
  return otherValue.test(text) ? undefined : text;
}
