/**
 * When requests are due. The load is open-loop: request k is due at `startMs + k * 1000 / rps`, whatever the answers
 * take. A slow gateway therefore cannot slow the load down and hide its own delay ("coordinated omission").
 */
export interface Pace {
  /** On the caller's clock, in milliseconds. */
  readonly startMs: number;
  /** Requests per second, above 0; fractions are fine. */
  readonly rps: number;
  /** Number of requests of the whole run; Infinity for a run without an end. */
  readonly total: number;
}

/** Products such as 0.1 * 30 miss the whole number by rounding; this is far more than that and far less than a request. */
const ROUNDING = 1e-6;

/** `seconds` null or 0: until somebody stops it. Otherwise every k with k / rps < seconds is part of the run. */
export function makePace(startMs: number, rps: number, seconds: number | null): Pace {
  const endless = seconds === null || seconds === 0;
  return { startMs, rps, total: endless ? Number.POSITIVE_INFINITY : Math.ceil(rps * seconds - ROUNDING) };
}

/** The time at which request `k` (from 0) is due, in milliseconds. */
export function dueAt(pace: Pace, k: number): number {
  return pace.startMs + (k * 1000) / pace.rps;
}

/** How many requests are due at `nowMs` or were before: 0 before the start, at most `total`. */
export function dueBy(pace: Pace, nowMs: number): number {
  if (nowMs < pace.startMs) return 0;
  return Math.min(pace.total, Math.floor(((nowMs - pace.startMs) * pace.rps) / 1000 + ROUNDING) + 1);
}
