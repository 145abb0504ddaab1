/** Milliseconds. Percentiles are off by at most `RELATIVE_ERROR`; the largest value is exact. */
export interface LatencySummary {
  readonly count: number;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
}

/** Counts of durations. Its size does not grow with the number of values. */
export interface Histogram {
  add(ms: number): void;
  /** Nearest-rank percentile, 0 < share <= 1; null without values. */
  quantile(share: number): number | null;
  summary(): LatencySummary;
}

/** A percentile p reported for an exact value x between a microsecond and an hour satisfies |p - x| <= 1 % of x. */
export const RELATIVE_ERROR = 0.01;

const SMALLEST_MS = 0.001;
const LARGEST_MS = 3_600_000;
const GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const LOG_GAMMA = Math.log(GAMMA);
const BUCKETS = Math.ceil(Math.log(LARGEST_MS / SMALLEST_MS) / LOG_GAMMA) + 1;

/**
 * Logarithmic buckets: bucket i holds (γ^(i-1), γ^i] microseconds and is reported as 2γ^i / (γ + 1), whose relative
 * distance to every value of the bucket is at most (γ - 1) / (γ + 1) = RELATIVE_ERROR. (Masson, Rim, Lee: "DDSketch", VLDB 2019.)
 * Values outside a microsecond to an hour go to the first or the last bucket.
 */
export function createHistogram(): Histogram {
  const counts = new Uint32Array(BUCKETS);
  let count = 0;
  let max = 0;

  const quantile = (share: number): number | null => {
    if (count === 0) return null;
    let left = Math.max(1, Math.ceil(share * count));
    for (let at = 0; at < BUCKETS; at++) {
      left -= counts[at] ?? 0;
      // A percentile above the largest value would look like a mistake.
      if (left <= 0) return Math.min(max, valueOf(at));
    }
    return max;
  };

  return {
    add(ms) {
      const at = bucketOf(ms);
      counts[at] = (counts[at] ?? 0) + 1;
      count++;
      if (ms > max) max = ms;
    },
    quantile,
    summary: () => ({
      count,
      p50Ms: quantile(0.5),
      p95Ms: quantile(0.95),
      p99Ms: quantile(0.99),
      maxMs: count === 0 ? null : max,
    }),
  };
}

function bucketOf(ms: number): number {
  const at = Math.ceil(Math.log(Math.max(ms, SMALLEST_MS) / SMALLEST_MS) / LOG_GAMMA);
  return Math.min(at, BUCKETS - 1);
}

function valueOf(bucket: number): number {
  return (2 * SMALLEST_MS * GAMMA ** bucket) / (GAMMA + 1);
}
