import type { Phase } from "../../../schemas/model-deployment.ts";

/** Running counts of one phase. */
export interface Tally {
  attempts: number;
  failed: number;
  slow: number;
}

/** A moment from which on the canary may have gone bad, and the counts before it. */
export interface Start {
  /** 1, 2, 3... over the whole attempt; its weight is 1/(n(n+1)), and all weights together are 1. */
  readonly number: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly canary: Readonly<Tally>;
  readonly stable: Readonly<Tally>;
}

/** What the guard knows of one attempt of a canary: plain data, changed in place by `observe` on the hot path. */
export interface GuardState {
  readonly canary: Tally;
  readonly stable: Tally;
  /** Oldest first, never empty, at most `maxStarts`. */
  readonly starts: Start[];
  windowMs: number;
  nextStartAt: number;
}

/** What came of one attempt at a version that the gateway itself chose. */
export interface Observation {
  readonly phase: Phase;
  readonly failed: boolean;
  /** Slower than the objective; false where there is none. */
  readonly slow: boolean;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** A judgement costs time in proportion; a day of minutes keeps gaps below a quarter of each start's age. */
export const maxStarts = 32;

/** A guard that has seen nothing. `at` in milliseconds. */
export function createGuardState(at: number, windowSeconds: number): GuardState {
  const windowMs = windowSeconds * 1000;
  const start = { number: 1, at, canary: emptyTally(), stable: emptyTally() };
  return { canary: emptyTally(), stable: emptyTally(), starts: [start], windowMs, nextStartAt: at + windowMs };
}

/** Counts one attempt. Some tens of nanoseconds; a new window costs a few microseconds. */
export function observe(state: GuardState, { phase, failed, slow, at }: Observation): void {
  if (at >= state.nextStartAt) openWindow(state, at);
  const tally = phase === "canary" ? state.canary : state.stable;
  tally.attempts += 1;
  if (failed) tally.failed += 1;
  if (slow) tally.slow += 1;
}

/**
 * Forgets the evidence so far, for a change of what it is measured by: weight, objectives, window. The starts go on
 * counting, so that the allowed error is spent once for the whole attempt; `minRequests` keeps what was seen.
 */
export function restart(state: GuardState, at: number, windowSeconds: number): void {
  const number = nextNumber(state);
  state.starts.splice(0, state.starts.length, startNow(state, number, at));
  state.windowMs = windowSeconds * 1000;
  state.nextStartAt = at + state.windowMs;
}

/**
 * The next start is taken before the attempt is counted, and whether to take one depends on time and on how many
 * attempts there were, never on how they ended: the e-values from there on know nothing of their future.
 */
function openWindow(state: GuardState, at: number): void {
  state.nextStartAt = at + state.windowMs;
  const last = state.starts.at(-1);
  const number = nextNumber(state);
  if (number === last?.number) state.starts.pop();
  state.starts.push(startNow(state, number, at));
  if (state.starts.length > maxStarts) thinOut(state.starts, number);
}

/** A start that has seen no canary is moved, not followed by another: idle hours cost no weight. */
function nextNumber(state: GuardState): number {
  const last = state.starts.at(-1);
  if (last === undefined) return 1;
  return last.canary.attempts === state.canary.attempts ? last.number : last.number + 1;
}

function startNow(state: GuardState, number: number, at: number): Start {
  return { number, at, canary: { ...state.canary }, stable: { ...state.stable } };
}

/**
 * Drops the start whose neighbours are closest together for its age: gaps come to grow in proportion to age, dense
 * where a change is still to be found. A dropped start's share of the mixture counts as 0 from then on. E-values are
 * not negative, so the mixture only gets smaller, and what is below an e-process is one, by whatever rule one drops.
 */
function thinOut(starts: Start[], newest: number): void {
  let drop = 1;
  let least = Number.POSITIVE_INFINITY;
  for (let at = 1; at < starts.length - 1; at += 1) {
    const [before, here, after] = [starts[at - 1], starts[at], starts[at + 1]];
    if (before === undefined || here === undefined || after === undefined) continue;
    const gap = (after.number - before.number) / (newest + 1 - here.number);
    if (gap < least) [drop, least] = [at, gap];
  }
  starts.splice(drop, 1);
}

function emptyTally(): Tally {
  return { attempts: 0, failed: 0, slow: 0 };
}
