import { isRecord, keysOf, same } from "./compare.ts";
import { keyText, scalarText, type Context, type Quoting } from "./scalar.ts";

/** How new values are laid out. */
export interface Style {
  /** Columns that a nested map stands further right. */
  readonly step: number;
  /** Whether a list under a key stands further right than the key. */
  readonly indentsLists: boolean;
  /** Whether a small map or list of numbers may stand on one line. */
  readonly inlineMaps: boolean;
  readonly inlineLists: boolean;
  /** Of keys and strings; "double" where the neighbours are written as JSON. */
  readonly strings: Quoting;
}

/** Of a document that mmsp writes. */
export const houseStyle: Style = { step: 2, indentsLists: true, inlineMaps: true, inlineLists: true, strings: "plain" };

const widest = 100;
const mostInlineKeys = 5;

/** A value in flow style, on one line, wherever it stands. */
export function flowText(value: unknown, style: Style, context: Context = "block"): string {
  if (Array.isArray(value)) return `[${value.map((item) => flowText(item, style, "flow")).join(", ")}]`;
  if (isRecord(value))
    return `{${keysOf(value)
      .map((key) => flowPair(key, value[key], style))
      .join(", ")}}`;
  return scalarText(value, style.strings, context);
}

/** `key: value` inside braces. */
export function flowPair(key: string, value: unknown, style: Style): string {
  return `${keyText(key, style.strings)}: ${flowText(value, style, "flow")}`;
}

/**
 * The value on one line where that is good to read: scalars, empty collections, lists of numbers, and maps of a few
 * scalars and such lists. null where it is better written in block style. `column`: where the text would begin.
 */
export function inlineText(value: unknown, style: Style, column: number): string | null {
  if (Array.isArray(value)) {
    if (value.length > 0 && !(style.inlineLists && value.every(isShort))) return null;
  } else if (isRecord(value)) {
    const keys = keysOf(value);
    const small = keys.length <= mostInlineKeys && keys.every((key) => fitsInMap(value[key]));
    if (keys.length > 0 && !(style.inlineMaps && small)) return null;
  } else {
    return scalarText(value, style.strings, "block");
  }
  const text = flowText(value, style);
  return text.length <= 2 || column + text.length <= widest ? text : null;
}

function isShort(value: unknown): boolean {
  return typeof value === "number" || typeof value === "boolean" || value === null;
}

function fitsInMap(value: unknown): boolean {
  return Array.isArray(value) ? value.every(isShort) : !isRecord(value) || keysOf(value).length === 0;
}

/** The lines of a collection that is not empty in block style, without the indentation of `column`. */
export function blockLines(value: unknown, style: Style, column: number): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => itemLines(item, style, column));
  if (!isRecord(value)) throw new TypeError("a scalar has no block style");
  return keysOf(value).flatMap((key) => pairLines(key, value[key], style, column));
}

/** `key: value`, or the key with its value on the lines below. */
export function pairLines(key: string, value: unknown, style: Style, column: number): string[] {
  const name = `${keyText(key, style.strings)}:`;
  const inline = inlineText(value, style, column + name.length + 1);
  if (inline !== null) return [`${name} ${inline}`];
  const step = Array.isArray(value) && !style.indentsLists ? 0 : style.step;
  return [name, ...indented(blockLines(value, style, column + step), step)];
}

/** `- value`, the rest of a block value standing below its first line. */
export function itemLines(value: unknown, style: Style, column: number): string[] {
  const inline = inlineText(value, style, column + 2);
  const lines = inline === null ? blockLines(value, style, column + 2) : [inline];
  return lines.map((line, at) => (at === 0 ? `- ${line}` : `  ${line}`));
}

export function indented(lines: readonly string[], columns: number): string[] {
  return lines.map((line) => " ".repeat(columns) + line);
}

/** Whether the house style would write a collection on one line. */
function isSmall(value: unknown): boolean {
  return !same(value, {}) && !same(value, []) && inlineText(value, houseStyle, 0) !== null;
}

/** `style`, but in block where collections of the same kind beside it, small as they are, stand in block. */
export function besides(
  style: Style,
  neighbours: readonly { readonly value: unknown; readonly block: boolean }[],
): Style {
  const inBlock = neighbours.filter(({ value, block }) => block && isSmall(value)).map(({ value }) => value);
  return {
    ...style,
    inlineMaps: style.inlineMaps && !inBlock.some(isRecord),
    inlineLists: style.inlineLists && !inBlock.some((value) => Array.isArray(value)),
  };
}
