/** Observations counted by upper bounds, as Prometheus has them. */
export interface Histogram {
  /** Below each bound, and above the one before; the last are those above all bounds. */
  readonly counts: Float64Array;
  sum: number;
}

export function createHistogram(bounds: readonly number[]): Histogram {
  return { counts: new Float64Array(bounds.length + 1), sum: 0 };
}

/** Some nanoseconds: the usual values stand in the first few buckets. */
export function observe(histogram: Histogram, bounds: readonly number[], value: number): void {
  const { counts } = histogram;
  let at = 0;
  while (at < bounds.length && value > (bounds[at] ?? Infinity)) at++;
  counts[at] = (counts[at] ?? 0) + 1;
  histogram.sum += value;
}

export function countOf({ counts }: Histogram): number {
  let count = 0;
  for (const some of counts) count += some;
  return count;
}

/** All of them as one. */
export function sumOf(bounds: readonly number[], histograms: readonly Histogram[]): Histogram {
  const all = createHistogram(bounds);
  for (const { counts, sum } of histograms) {
    all.sum += sum;
    for (let at = 0; at < counts.length; at++) all.counts[at] = (all.counts[at] ?? 0) + (counts[at] ?? 0);
  }
  return all;
}
