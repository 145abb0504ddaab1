import { parseDocument } from "yaml";
import { same } from "./compare.ts";

/** How a string would best be written. `kept`: as it stood, without quotes, if it can be read back at all. */
export type Quoting = "kept" | "plain" | "single" | "double";

/** Inside brackets, commas and brackets mean something. */
export type Context = "block" | "flow";

/**
 * A scalar on one line. Strings are quoted where they have to be: for YAML 1.2, which mmsp reads, and for YAML 1.1, which
 * many other readers still are (`no`, `1:30`, dates).
 */
export function scalarText(value: unknown, quoting: Quoting, context: Context): string {
  if (typeof value === "string") return stringText(value, quoting, context);
  if (value === null || value === undefined) return "null";
  if (typeof value === "boolean") return String(value);
  if (typeof value === "number") return numberText(value);
  throw new TypeError(`a document holds JSON values only, not a ${typeof value}`);
}

/** A key on one line. */
export function keyText(key: string, quoting: Quoting): string {
  const plain = quoting !== "double" && !unprintable.test(key);
  if (!plain) return doubleQuoted(key);
  if (isWords(key)) return key;
  return readsBack(`- ${key}: 1\n- {${key}: 1}`, [{ [key]: 1 }, { [key]: 1 }], key) ? key : doubleQuoted(key);
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return ".nan";
  return Number.isFinite(value) ? String(value) : value > 0 ? ".inf" : "-.inf";
}

function stringText(value: string, quoting: Quoting, context: Context): string {
  if (quoting === "single") {
    const text = `'${value.replaceAll("'", "''")}'`;
    if (!unprintable.test(value) && isValue(text, value, context)) return text;
  }
  const wantsPlain = quoting === "kept" || (quoting === "plain" && !looksLikeDigest(value));
  return wantsPlain && isPlain(value, context) ? value : doubleQuoted(value);
}

/** All-digit digests exist; quoting every digest spares the reader the question. */
function looksLikeDigest(value: string): boolean {
  return /^[0-9a-f]{32,}$/.test(value);
}

function isPlain(value: string, context: Context): boolean {
  if (isWords(value)) return true;
  return /^\S(.*\S)?$/u.test(value) && !unprintable.test(value) && isValue(value, value, context);
}

/** Control, format and separator characters and broken surrogates: written as escapes, so that they can be seen. */
export const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/** Words without any indicator of YAML, and none of those that mean something; spares the parser. */
function isWords(text: string): boolean {
  return /^[A-Za-z]([\w ./%-]*[\w./%-])?$/.test(text) && !/^(y|n|yes|no|on|off|true|false|null)$/i.test(text);
}

/** Whether `text`, put where a value stands, is read as the string `value`. */
function isValue(text: string, value: string, context: Context): boolean {
  const places = context === "flow" ? `[${text}, {k: ${text}}]` : `- ${text}\n- k: ${text}`;
  return readsBack(places, [value, { k: value }], value);
}

/** mmsp's own (which takes no `{}` for a key, where others make a text of it), and what most others do. */
const readers = [{ version: "1.2", stringKeys: true }, { version: "1.2" }, { version: "1.1" }] as const;

/** Whether every reader sees `expected` in `text`. `value` is named so that an unreadable one costs nothing. */
export function readsBack(text: string, expected: unknown, value: string): boolean {
  if (value.length > 10_000) return false;
  return readers.every((reader) => {
    const document = parseDocument(text, { ...reader, prettyErrors: false, logLevel: "silent" });
    if (document.errors.length > 0 || document.warnings.length > 0) return false;
    try {
      return same(document.toJS(), expected);
    } catch {
      return false; // an alias without its anchor
    }
  });
}

/** JSON strings are YAML strings; what does not print is escaped besides. */
function doubleQuoted(value: string): string {
  const escape = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value).replaceAll(
    /[\u007F-\u009F\u00AD\u200B-\u200F\u2028-\u202E\u2060-\u206F\uFEFF\uFFFE\uFFFF]/g,
    escape,
  );
}
