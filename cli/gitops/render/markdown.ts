/** A Markdown table; `null` rows are left out. Cells are Markdown already. */
export function table(header: readonly string[], rows: readonly (readonly string[] | null)[]): string {
  const lines = [header, header.map(() => "---"), ...rows.filter((row) => row !== null)];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

export function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join("\n");
}

/** A heading with its text; nothing where there is no text. */
export function section(heading: string, ...parts: readonly (string | null)[]): string | null {
  const texts = parts.filter((part) => part !== null && part !== "");
  return texts.length === 0 ? null : [`### ${heading}`, ...texts].join("\n\n");
}

/** At most six significant digits, with a sign where asked for. */
export function figure(value: number, signed = false): string {
  const text = String(Number(value.toPrecision(6)));
  return signed && value > 0 ? `+${text}` : text;
}
