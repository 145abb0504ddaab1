import { oneLine } from "../../../schemas/plain-text.ts";

/** Fields of an answer that may be of any shape: what is missing, or of another type, is none. */
export function valueIn(record: unknown, key: string): unknown {
  return typeof record === "object" && record !== null ? (record as Record<string, unknown>)[key] : undefined;
}

export function listIn(record: unknown, key: string): readonly unknown[] {
  const value = valueIn(record, key);
  return Array.isArray(value) ? value : [];
}

/** Printable: what is shown of it must not steer a terminal. */
export function textIn(record: unknown, key: string): string | null {
  const value = valueIn(record, key);
  return typeof value === "string" ? oneLine(value) : null;
}

export function numberIn(record: unknown, key: string): number | null {
  const value = valueIn(record, key);
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
