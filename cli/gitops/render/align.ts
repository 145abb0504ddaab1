import { same } from "./compare.ts";

/** What becomes of the entries of a collection. Positions are those of the old entries. */
export interface Layout<T> {
  /** Entries that stay, some of them with another value. */
  readonly stays: readonly boolean[];
  /** New entries and the staying entry that they follow; -1: they come first. */
  readonly added: readonly { readonly after: number; readonly entry: T }[];
}

export interface Alignment {
  readonly layout: Layout<unknown>;
  /** Old entry -> the value it gets. */
  readonly values: ReadonlyMap<number, unknown>;
}

/**
 * How one list becomes another with the fewest entries touched: common beginning and end, and the longest common
 * subsequence between them. Where entries go and others come at one place, they are edited instead of exchanged.
 */
export function alignLists(current: readonly unknown[], next: readonly unknown[]): Alignment {
  const matches = [...matching(current, next), [current.length, next.length] as const];
  const stays = current.map(() => false);
  const added: { after: number; entry: unknown }[] = [];
  const values = new Map<number, unknown>();
  let [from, nextFrom] = [0, 0];
  for (const [at, nextAt] of matches) {
    for (; from < at && nextFrom < nextAt; from++, nextFrom++) {
      stays[from] = true;
      values.set(from, next[nextFrom]);
    }
    for (; nextFrom < nextAt; nextFrom++) added.push({ after: from - 1, entry: next[nextFrom] });
    if (at < current.length) {
      stays[at] = true;
      values.set(at, next[nextAt]);
    }
    [from, nextFrom] = [at + 1, nextAt + 1];
  }
  return { layout: { stays, added }, values };
}

/** Positions of equal entries, ascending in both lists. */
function matching(current: readonly unknown[], next: readonly unknown[]): (readonly [number, number])[] {
  const shorter = Math.min(current.length, next.length);
  let start = 0;
  while (start < shorter && same(current[start], next[start])) start++;
  let end = 0;
  while (end < shorter - start && same(current.at(-1 - end), next.at(-1 - end))) end++;
  const head = Array.from({ length: start }, (_, at) => [at, at] as const);
  const tail = Array.from({ length: end }, (_, at) => [current.length - end + at, next.length - end + at] as const);
  const middle = longestCommon(current.slice(start, current.length - end), next.slice(start, next.length - end));
  return [...head, ...middle.map(([a, b]) => [a + start, b + start] as const), ...tail];
}

/** Longest common subsequence by the usual table of lengths; lists in these documents are short. */
function longestCommon(a: readonly unknown[], b: readonly unknown[]): [number, number][] {
  const equal = a.map((left) => b.map((right) => same(left, right)));
  const lengths = Array.from({ length: a.length + 1 }, () => Array.from({ length: b.length + 1 }, () => 0));
  const length = (i: number, j: number) => lengths[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const best = equal[i]?.[j] ? length(i + 1, j + 1) + 1 : Math.max(length(i + 1, j), length(i, j + 1));
      const row = lengths[i];
      if (row) row[j] = best;
    }
  }
  const found: [number, number][] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (equal[i]?.[j]) found.push([i++, j++]);
    else if (length(i + 1, j) >= length(i, j + 1)) i++;
    else j++;
  }
  return found;
}

/**
 * How the keys of a map become others. A new key goes behind the key that it follows in `next`, or at the end where it
 * follows none that stays; the order of the old keys is people's.
 */
export function alignKeys(
  current: readonly string[],
  next: readonly string[],
  keep: (key: string) => boolean,
): Layout<string> {
  const wanted = new Set(next);
  const known = new Set(current);
  const stays = current.map((key) => wanted.has(key) || keep(key));
  const last = stays.lastIndexOf(true);
  const added: { after: number; entry: string }[] = [];
  let after = last;
  for (const key of next) {
    if (known.has(key)) after = current.indexOf(key);
    else added.push({ after, entry: key });
  }
  return { stays, added };
}
