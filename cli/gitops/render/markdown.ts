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

/** 12.3 MiB, 512 B. */
export function size(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB"] as const;
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power] ?? "B"}`;
}

/** At most six significant digits, with a sign where asked for. */
export function figure(value: number, signed = false): string {
  const text = String(Number(value.toPrecision(6)));
  return signed && value > 0 ? `+${text}` : text.replace("-", "−");
}
