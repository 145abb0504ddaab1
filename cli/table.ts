import type { Style } from "./style.ts";

/** A column as the head names it. Numbers read best when they stand at the right. */
export interface Column {
  readonly title: string;
  readonly align?: "right";
}

/**
 * Columns in line, two spaces apart, as kubectl and gh print them; the last one is not padded. Cells may be coloured: what
 * a terminal shows counts. Ends with a line break.
 */
export function renderTable(
  columns: readonly (string | Column)[],
  rows: readonly (readonly string[])[],
  style: Style,
): string {
  const heads = columns.map((column) => (typeof column === "string" ? { title: column } : column));
  const widths = heads.map(({ title }, at) =>
    Math.max(title.length, ...rows.map((row) => Bun.stringWidth(row[at] ?? ""))),
  );
  const line = (cells: readonly string[]): string =>
    heads
      .map(({ align }: Column, at) => {
        const cell = cells[at] ?? "";
        const room = " ".repeat((widths[at] ?? 0) - Bun.stringWidth(cell));
        return align === "right" ? room + cell : cell + room;
      })
      .join("  ")
      .trimEnd();
  return `${[style.bold(line(heads.map(({ title }) => title))), ...rows.map(line)].join("\n")}\n`;
}

/** `Name  value` lines below one another, for the facts of one thing. */
export function renderFacts(facts: readonly (readonly [name: string, value: string])[], style: Style): string {
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts.map(([name, value]) => `${style.dim(name.padEnd(width))}  ${value}\n`).join("");
}
