import { judge, type Objectives } from "../../gateway/core/guard/judge.ts";
import { createGuardState, observe } from "../../gateway/core/guard/state.ts";

/** True rates of one phase at one moment, 0..1. */
export interface Rates {
  readonly errors: number;
  readonly slow: number;
}

/** A day of traffic, and how often the guard looks. */
export interface Day {
  readonly slo: Objectives & { readonly windowSeconds: number };
  /** Percent. */
  readonly weight: number;
  /** Attempts at the canary, at even intervals over `seconds`. */
  readonly attempts: number;
  readonly seconds: number;
  /** True rates by the number of the attempt. */
  readonly canary: (attempt: number) => Rates;
  readonly stable: (attempt: number) => Rates;
  /** The guard looks after each failed or slow attempt of the canary, and after every so many. */
  readonly lookEvery: number;
}

/**
 * Runs one day through the shipped functions. Returns the number of canary attempts at the moment of the cut, or null
 * when there was none.
 */
export function simulateDay(day: Day, random: () => number): number | null {
  const state = createGuardState(0, day.slo.windowSeconds);
  const options = { replicas: 1, weight: day.weight };
  const share = day.weight / 100;
  for (let attempt = 1; attempt <= day.attempts; attempt += 1) {
    const at = (attempt / day.attempts) * day.seconds * 1000;
    const stable = day.stable(attempt);
    let dealt = random();
    for (; dealt >= share; dealt = random()) {
      const { failed, slow } = outcome(stable, (dealt - share) / (1 - share));
      observe(state, { phase: "stable", failed, slow, at });
    }
    const { failed, slow } = outcome(day.canary(attempt), dealt / share);
    observe(state, { phase: "canary", failed, slow, at });
    if (!failed && !slow && attempt % day.lookEvery !== 0) continue;
    if (judge(state, day.slo, options, at).kind === "bad") return attempt;
  }
  return null;
}

/** Two independent outcomes of one number in [0, 1): of what is left of it after the first, the share is one again. */
function outcome({ errors, slow }: Rates, number: number): { readonly failed: boolean; readonly slow: boolean } {
  const failed = number < errors;
  const rest = failed ? number / errors : (number - errors) / (1 - errors);
  return { failed, slow: rest < slow };
}

/** The largest rate at which at most `hits` of `trials` still has the chance `doubt` (Clopper and Pearson 1934). */
export function upperBound(hits: number, trials: number, doubt = 0.05): number {
  let [low, high] = [hits / trials, 1];
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (chanceOfAtMost(hits, trials, middle) > doubt) low = middle;
    else high = middle;
  }
  return high;
}

/** Binomial chance of at most `hits` in `trials` at `rate`. */
export function chanceOfAtMost(hits: number, trials: number, rate: number): number {
  let term = (1 - rate) ** trials;
  let total = term;
  for (let hit = 1; hit <= hits; hit += 1) {
    term *= ((trials - hit + 1) / hit) * (rate / (1 - rate));
    total += term;
  }
  return total;
}
