import type { DocumentPath } from "../../../schemas/document.ts";

export type PlainRecord = Readonly<Record<string, unknown>>;

/** A JSON object, as opposed to a list, null or a scalar. */
export function isRecord(value: unknown): value is PlainRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A key without a value is no key, as JSON.stringify has it. */
export function keysOf(record: PlainRecord): string[] {
  return Object.keys(record).filter((key) => record[key] !== undefined);
}

/** Own keys only: a document may well have a key named `constructor`. */
export function valueAt(record: PlainRecord, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** Equal as JSON values; the order of keys does not count. */
export function same(a: unknown, b: unknown): boolean {
  return firstDifference(a, b) === null;
}

/** Path of the first place where two JSON values differ; null when they do not. */
export function firstDifference(a: unknown, b: unknown): DocumentPath | null {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return null;
  if (Array.isArray(a) && Array.isArray(b)) {
    if (a.length !== b.length) return [];
    return firstOf(a.map((item: unknown, at) => [at, item, b[at]]));
  }
  if (!isRecord(a) || !isRecord(b)) return [];
  const keys = new Set([...keysOf(a), ...keysOf(b)]);
  return firstOf([...keys].map((key) => [key, valueAt(a, key), valueAt(b, key)]));
}

function firstOf(entries: readonly (readonly [string | number, unknown, unknown])[]): DocumentPath | null {
  for (const [key, a, b] of entries) {
    const difference = firstDifference(a, b);
    if (difference !== null) return [key, ...difference];
  }
  return null;
}
