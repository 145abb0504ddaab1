/** A value at a place inside a document, on one side and on the other; null where a side has nothing there. */
export interface LeafChange {
  /** `slo.errorRate`, `steps`. */
  readonly path: string;
  readonly from: string | null;
  readonly to: string | null;
}

/** Where two plain values differ, leaf by leaf; lists and empty things count as leaves. */
export function leafChanges(from: unknown, to: unknown, path = ""): readonly LeafChange[] {
  const [left, right] = [branchOf(from, to), branchOf(to, from)];
  if (left === null || right === null) {
    const [old, now] = [shown(from), shown(to)];
    return old === now ? [] : [{ path, from: old, to: now }];
  }
  const keys = [...new Set([...Object.keys(left), ...Object.keys(right)])];
  return keys.flatMap((key) => leafChanges(left[key], right[key], path === "" ? key : `${path}.${key}`));
}

type Branch = Readonly<Record<string, unknown>>;

/** Nothing beside a branch is a branch without leaves: what comes or goes is told leaf by leaf. */
function branchOf(value: unknown, other: unknown): Branch | null {
  if (isBranch(value)) return value;
  return (value === undefined || value === null) && isBranch(other) ? {} : null;
}

function isBranch(value: unknown): value is Branch {
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
}

/** One line for people. */
function shown(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (Array.isArray(value) && value.every((item) => typeof item !== "object")) return value.join(", ") || "none";
  return typeof value === "string" ? value : JSON.stringify(value);
}
