/**
 * Header fields of HTTP/1.1, as RFC 9110 section 5 and RFC 9112 section 5 write them, and nothing more lenient: what two
 * readers may understand differently is where requests are smuggled. Bytes are characters (Latin-1). Loops over characters,
 * because these run for every header of every request, and regular expressions take several times as long.
 */

export type Field = readonly [name: string, value: string];

/** Index: a character; 1: it may stand in a name. */
const inName = tableOf(/[!#$%&'*+\-.^_`|~0-9A-Za-z]/);

/** No CR, LF, NUL or other control character but the tab; above 0x7f, everything stands for itself. */
const inValue = tableOf(/[\t\x20-\x7e\x80-\xff]/);

/** About one connection, or how a message ends on it: whoever sends a message on says this anew. RFC 9110, section 7.6.1. */
const ofConnection = new Set([
  "connection",
  "content-length",
  "expect",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

function tableOf(allowed: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (allowed.test(String.fromCharCode(code)) ? 1 : 0));
}

function consistsOf(table: Uint8Array, text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (table[text.charCodeAt(at)] !== 1) return false;
  return true;
}

export function isToken(text: string): boolean {
  return text !== "" && consistsOf(inName, text, 0, text.length);
}

export function isFieldValue(text: string): boolean {
  return consistsOf(inValue, text, 0, text.length);
}

/** Never passed on. `name` is in lower case. */
export function isOfConnection(name: string): boolean {
  return ofConnection.has(name) || name.startsWith("proxy-");
}

/** Name (in lower case) and value of the line between two places; null where it is none, as a folded one. */
export function readField(text: string, from: number, to: number): Field | null {
  const colon = text.indexOf(":", from);
  if (colon <= from || colon >= to || !consistsOf(inName, text, from, colon)) return null;
  if (!consistsOf(inValue, text, colon + 1, to)) return null;
  return [text.slice(from, colon).toLowerCase(), trimmed(text, colon + 1, to)];
}

/** The names in a list such as `close, X-Thing`, in lower case. */
export function listed(value: string): string[] {
  return value.split(",").flatMap((entry) => trimmed(entry, 0, entry.length).toLowerCase() || []);
}

/** Without spaces and tabs around it. `String.trim` would take a no-break space too, which is a byte of the value. */
function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
