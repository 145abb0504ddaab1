import { isDeepStrictEqual } from "node:util";
import { isMap, isNode, isScalar, isSeq, Lexer, parseDocument, type Node } from "yaml";

export interface Touched {
  /** Lines, from 0, that an edit may change. */
  readonly lines: ReadonlySet<number>;
  /** Offsets between which comments may go. */
  readonly removed: readonly (readonly [number, number])[];
}

/**
 * Where the difference between two values shows in a text, worked out without the code under test: of maps key by key, of
 * lists from the first entry that differs to the last.
 */
export function touched(text: string, current: unknown, next: unknown): Touched {
  const document = parseDocument(text, { stringKeys: true });
  const lines = new Set<number>();
  const removed: [number, number][] = [];
  const lineOf = (offset: number) => text.slice(0, offset).split("\n").length - 1;

  function span(start: number, end: number, goes: boolean): void {
    const kept = /^\|\+|: \|\+/.test(text.slice(start, end)) ? end : 0;
    const last = Math.max(start + text.slice(start, end).trimEnd().length, kept);
    for (let line = lineOf(start); line <= lineOf(last); line++) lines.add(line);
    const newline = text.indexOf("\n", last);
    if (goes) removed.push([text.lastIndexOf("\n", start - 1) + 1, newline < 0 ? text.length : newline]);
  }

  function walk(node: Node, start: number, a: unknown, b: unknown): void {
    if (isDeepStrictEqual(a, b)) return;
    const [from, to] = node.range ?? [0, 0];
    if (isMap(node) && isObject(a) && isObject(b)) {
      if (node.flow || Object.keys(a).length === 0 || Object.keys(b).length === 0) span(start, to, false);
      if (!node.flow && !Object.keys(a).some((key) => Object.hasOwn(b, key))) span(start, to, false);
      for (const { key, value } of node.items) {
        if (!isScalar(key)) throw new Error("keys are scalars here");
        const name = typeof key.value === "string" ? key.value : "";
        const keyAt = key.range?.[0] ?? from;
        const end = isNode(value) ? (value.range?.[1] ?? keyAt) : (key.range?.[1] ?? keyAt);
        if (!Object.hasOwn(b, name)) span(keyAt, end, true);
        else if (isNode(value)) walk(value, keyAt, a[name], b[name]);
        else if (a[name] !== b[name]) span(keyAt, end, false);
      }
    } else if (isSeq(node) && Array.isArray(a) && Array.isArray(b)) {
      if (node.flow || a.length === 0 || b.length === 0) span(start, to, false);
      const shorter = Math.min(a.length, b.length);
      let head = 0;
      while (head < shorter && isDeepStrictEqual(a[head], b[head])) head++;
      let tail = 0;
      while (tail < shorter - head && isDeepStrictEqual(a.at(-1 - tail), b.at(-1 - tail))) tail++;
      for (const item of node.items.slice(head, a.length - tail)) {
        if (!isNode(item)) throw new Error("items are nodes here");
        const dash = text.lastIndexOf("-", (item.range?.[0] ?? 0) - 1);
        span(node.flow ? (item.range?.[0] ?? 0) : dash, item.range?.[1] ?? 0, true);
      }
    } else {
      // A value that is written anew: what stands inside of it may go.
      span(start, to, false);
      span(from, to, false);
      if (isMap(node) || isSeq(node)) removed.push([from, to]);
    }
  }

  const root = document.contents;
  if (isNode(root)) walk(root, root.range?.[0] ?? 0, current, next);
  return { lines, removed };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Comments of a text, in order; `#` inside of scalars is none. */
function commentsOf(text: string): string[] {
  const tokens = [...new Lexer().lex(text)];
  return tokens.filter((token, at) => token.startsWith("#") && tokens[at - 1] !== "\u001F");
}

/** Comments that `result` lacks though they stand on no line that goes. Each comment stands once in the text. */
export function lostComments(text: string, current: unknown, next: unknown, result: string): string[] {
  const { removed } = touched(text, current, next);
  const there = new Set(commentsOf(result));
  return commentsOf(text).filter((comment) => {
    const at = text.indexOf(comment);
    return !there.has(comment) && !removed.some(([start, end]) => start <= at && at < end);
  });
}
