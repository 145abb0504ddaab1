/** A share of a count with its 95 % confidence interval, in percent. */
export interface Share {
  readonly count: number;
  readonly of: number;
  readonly percent: number;
  readonly lowPercent: number;
  readonly highPercent: number;
}

/** The 97.5 % point of the standard normal distribution. */
const Z = 1.959963984540054;

/**
 * Wilson's score interval (E. B. Wilson, JASA 22, 1927): it stays within 0..100 % and keeps its coverage for shares near
 * the ends and for few trials, where the textbook p ± z·sqrt(p(1-p)/n) does not. Null without trials.
 */
export function wilson(count: number, of: number): Share | null {
  if (of === 0) return null;
  const p = count / of;
  const z2 = Z * Z;
  const scale = 1 + z2 / of;
  const centre = (p + z2 / (2 * of)) / scale;
  const half = (Z / scale) * Math.sqrt((p * (1 - p)) / of + z2 / (4 * of * of));
  // At the ends the formula gives exactly p; only rounding says otherwise.
  const low = count === 0 ? 0 : Math.max(0, centre - half);
  const high = count === of ? 1 : Math.min(1, centre + half);
  return { count, of, percent: 100 * p, lowPercent: 100 * low, highPercent: 100 * high };
}
