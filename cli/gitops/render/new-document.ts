import { isRecord, keysOf } from "./compare.ts";
import { blockLines, flowText, houseStyle, indented, pairLines } from "./house-style.ts";
import { keyText } from "./scalar.ts";

/**
 * The text of a new document: keys in the order given, block style, small maps and lists of numbers on one line, digests
 * and times quoted. The top-level maps are the body of the document and stand in block style unless they have one key.
 */
export function newDocument(value: unknown): string {
  if (!isRecord(value)) return `${flowText(value, houseStyle)}\n`;
  const lines = keysOf(value).flatMap((key) => {
    const part = value[key];
    if (!isRecord(part) || keysOf(part).length < 2) return pairLines(key, part, houseStyle, 0);
    return [`${keyText(key, houseStyle.strings)}:`, ...indented(blockLines(part, houseStyle, 2), 2)];
  });
  return lines.length === 0 ? "{}\n" : `${lines.join("\n")}\n`;
}
