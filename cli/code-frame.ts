import type { Style } from "./style.ts";

/** Lines longer than this are shown from near the column on. */
const maxWidth = 100;

/** What is shown before the column where the beginning of a line is left out. */
const leadIn = 40;

/**
 * The line of a text with a caret under a column, and the line before it; both count from 1. Empty where there is no such
 * line. Control characters, tabs too, become spaces: a file must not draw on the terminal.
 */
export function codeFrame(text: string, line: number, column: number, style: Style): string {
  const lines = text.split(/\r?\n/);
  const source = lines[line - 1];
  if (source === undefined) return "";
  const gutter = String(line).length;
  const number = (at: number | ""): string => style.dim(`${String(at).padStart(gutter + 4)} |`);
  const start = column > maxWidth - leadIn ? column - leadIn : 0;
  const shown = (whole: string): string => plain(whole.slice(start, start + maxWidth)).trimEnd();
  const indent = " ".repeat(Bun.stringWidth(plain(source.slice(start, column - 1))));
  const before = lines[line - 2];
  return [
    ...(before === undefined || before.trim() === "" ? [] : [`${number(line - 1)} ${style.dim(shown(before))}`]),
    `${number(line)} ${shown(source)}`,
    `${number("")} ${indent}${style.red("^")}`,
  ]
    .map((row) => `${row.trimEnd()}\n`)
    .join("");
}

function plain(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => (character === "\uFEFF" ? "" : " "));
}
