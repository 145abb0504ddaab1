import type { Node } from "yaml";
import { parseYaml, type DocumentPath } from "../../../schemas/document.ts";
import { firstDifference } from "./compare.ts";
import { editValue, unsafe } from "./edit-value.ts";
import { houseStyle } from "./house-style.ts";
import { contentEnd } from "./locate.ts";
import type { Place } from "./replace.ts";
import { readSource } from "./source.ts";
import { applySplices } from "./splice.ts";

/**
 * Makes a YAML text say exactly `next`, a JSON value, by changing the characters of what differs and no others: comments,
 * order, quotes, blank lines, indentation and line breaks stay. A text that says `next` already is returned as it is.
 *
 * Throws a ProblemError where the text is no valid YAML document, and where the change cannot be made without touching
 * something else (a value with a tag, or one that other places refer to). `file` is for the message.
 */
export function updateYaml(text: string, next: unknown, file?: string): string {
  const source = readSource(text, file);
  const style = { ...houseStyle, step: source.step, indentsLists: source.indentsLists };
  const node = source.document.contents as Node;
  const end = contentEnd(source, node, 0) ?? text.length;
  const root: Place = { key: null, node, start: 0, end, slot: null, holder: "root", style };
  const edited = applySplices(text, editValue(source, root, source.value, next, []));
  const difference = differenceOf(edited, next, file);
  if (difference === null) return edited;
  // Where the end of the file has no line break, and what stood there is gone, the text of a `|+` may lack its own last one.
  const ended = text.endsWith("\n") ? edited : edited + source.eol;
  if (differenceOf(ended, next, file) === null) return ended;
  return unsafe(source, difference, "cannot be changed here without changing something else");
}

/** Where a text says something else than it should; null where it says just that. */
function differenceOf(text: string, next: unknown, file = "document"): DocumentPath | null {
  const read = parseYaml(file, text);
  return read.problems.length > 0 ? [] : firstDifference(read.value, next);
}
