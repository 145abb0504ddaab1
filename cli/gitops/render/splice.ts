/** Characters `start` to `end` of a text become `text`. `start === end` inserts. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Puts `text` in front of what stands at `at`. */
export function insertion(at: number, text: string): Splice {
  return { start: at, end: at, text };
}

/** Takes characters out. */
export function deletion(start: number, end: number): Splice {
  return { start, end, text: "" };
}

/**
 * Applies all splices to the text they were measured on. At one offset insertions come first, in the order given.
 * Throws where two overlap: that is a mistake in the code that made them.
 */
export function applySplices(text: string, splices: readonly Splice[]): string {
  const ordered = splices.toSorted((a, b) => a.start - b.start || Number(a.end > a.start) - Number(b.end > b.start));
  let result = "";
  let cursor = 0;
  for (const splice of ordered) {
    if (splice.start < cursor) throw new RangeError(`two edits overlap at offset ${splice.start}`);
    result += text.slice(cursor, splice.start) + splice.text;
    cursor = splice.end;
  }
  return result + text.slice(cursor);
}
