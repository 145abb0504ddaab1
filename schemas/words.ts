/**
 * Optimal string alignment distance: insertions, deletions and substitutions of single characters, and two neighbours that
 * changed places, which is what fingers do most (F. Damerau, CACM 7(3), 1964).
 */
export function editDistance(from: string, to: string): number {
  const left = Array.from(from);
  const right = Array.from(to);
  let before: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: right.length + 1 }, (_, at) => at);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const same = left[i - 1] === right[j - 1];
      const swapped = i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1];
      const substituted = (row[j - 1] ?? 0) + (same ? 0 : 1);
      const swap = swapped ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY;
      next.push(Math.min(substituted, swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    [before, row] = [row, next];
  }
  return row[right.length] ?? 0;
}

/** The name that somebody may have meant: a third of its letters may be off, upper and lower case being one. */
export function nearestName(word: string, names: readonly string[]): string | null {
  const wanted = word.toLowerCase();
  const allowed = Math.ceil(word.length / 3);
  let best: string | null = null;
  let least = Math.min(allowed, word.length - 1) + 1;
  for (const name of names) {
    // No cheaper than the difference of their lengths: spares the long way for names out of reach.
    if (Math.abs(name.length - word.length) >= least) continue;
    const distance = editDistance(wanted, name.toLowerCase());
    if (distance < least) [best, least] = [name, distance];
  }
  return best;
}
