/** Bytes as people read them: 12.3 MiB, 512 B. */
export function size(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB"] as const;
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power] ?? "B"}`;
}
