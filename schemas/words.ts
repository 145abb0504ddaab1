/** Levenshtein distance: single-character insertions, deletions and substitutions. */
export function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (const [i, left] of Array.from(from).entries()) {
    const next = [i + 1];
    for (const [j, right] of Array.from(to).entries()) {
      const substituted = (row[j] ?? 0) + (left === right ? 0 : 1);
      next.push(Math.min(substituted, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
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
