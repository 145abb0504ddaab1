/** What would break anywhere on a terminal goes on below where it began. Bytes in a pipe stay as they are. */

/** Narrower than this, a column is no help to anybody. */
const leastRoom = 20;

/**
 * Each line that is longer than the terminal is broken at blanks, and goes on in the column `at`. A word that is longer
 * stays whole, so that it can be copied. `columns`: null where there is no terminal.
 */
export function foldLines(text: string, at: number, columns: number | null): string {
  if (columns === null || columns - at < leastRoom) return text;
  const fold = (line: string): string =>
    Bun.stringWidth(line) <= columns
      ? line
      : Bun.sliceAnsi(line, 0, at) +
        Bun.wrapAnsi(Bun.sliceAnsi(line, at), columns - at).replaceAll("\n", `\n${" ".repeat(at)}`);
  return text.split("\n").map(fold).join("\n");
}

/**
 * Help: prose that is too wide is broken anew, paragraph by paragraph, and what is said of a command or a flag goes on below
 * itself.
 */
export function foldHelp(text: string, columns: number | null): string {
  const beginOf = (line: string): number => /^ *(?:\S+(?: \S+)* {2,}(?=\S))?/.exec(line)?.[0].length ?? 0;
  const paragraphs = text.split("\n\n").map((paragraph) => {
    const lines = paragraph.split("\n");
    const isWideProse =
      lines.every((line) => beginOf(line) === 0) && lines.some((line) => line.length > (columns ?? Infinity));
    return isWideProse ? [lines.join(" ")] : lines;
  });
  return paragraphs
    .map((lines) => lines.map((line) => foldLines(line, beginOf(line), columns)).join("\n"))
    .join("\n\n");
}

/** Of a table the last column, which holds sentences, where its head says that it begins. */
export function foldTable(table: string, columns: number | null): string {
  const head = Bun.stripANSI(table.slice(0, table.indexOf("\n")));
  return foldLines(table, head.lastIndexOf("  ") + 2, columns);
}
