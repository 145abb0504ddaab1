import { expect, test } from "bun:test";
import { chanceOfAtMost, simulateDay, upperBound, type Day, type Rates } from "../../../support/guard-day.ts";
import { seededRandom } from "../../../support/random.ts";

/** A day of a quiet model. The long ones, and the delays, are in tests/bench/guard-simulation.ts. */
const day: Day = {
  slo: { errorRate: 0.01, latencyP95Ms: 200, minRequests: 20, windowSeconds: 60 },
  weight: 10,
  attempts: 1_000,
  seconds: 86_400,
  canary: () => ({ errors: 0.01, slow: 0.05 }),
  stable: () => ({ errors: 0, slow: 0 }),
  lookEvery: 100,
};

/**
 * So many days, and so many of them with a cut: a guard that cuts exactly the 1 % that is promised stays within with
 * P(Bin(1010, 0.01) <= 21) = 0.9993, one that cuts 3 % with P(Bin(1010, 0.03) <= 21) = 0.047. Fewer days cannot tell the
 * two apart that well.
 */
const days = 1_010;
const mostAllowed = 21;

function cutsOf(scenario: Day): readonly (number | null)[] {
  return Array.from({ length: days }, (_, run) => simulateDay(scenario, seededRandom(run + 1)));
}

test("the days are enough to tell a guard that keeps its promise from one that breaks it", () => {
  expect(chanceOfAtMost(mostAllowed, days, 0.01)).toBeGreaterThanOrEqual(0.999);
  expect(chanceOfAtMost(mostAllowed, days, 0.03)).toBeLessThanOrEqual(0.05);
});

const alike: Rates = { errors: 0.02, slow: 0.1 };
const outage = (attempt: number): Rates =>
  attempt % 500 < 20 ? { errors: 0.6, slow: 0.6 } : { errors: 0.002, slow: 0 };

test.each([
  ["at the objective", day],
  ["as bad as stable", { ...day, canary: () => alike, stable: () => alike }],
  ["in outages that both have", { ...day, weight: 50, canary: outage, stable: outage }],
  ["at the objective, without stable traffic", { ...day, weight: 100 }],
] as const)(
  "healthy canaries are hardly ever cut: %s",
  (_, scenario) => {
    const cuts = cutsOf(scenario).filter((cut) => cut !== null).length;
    expect(cuts).toBeLessThanOrEqual(mostAllowed);
  },
  60_000,
);

/** Attempts until the cut, ascending; a day without one counts as endless. Stable is at half the objective or below. */
function delaysAt(errors: number): readonly number[] {
  const stable = (): Rates => ({ errors: 0.005, slow: 0.02 });
  const cuts = cutsOf({ ...day, canary: () => ({ errors, slow: 0.02 }), stable });
  return cuts.map((cut) => cut ?? Number.POSITIVE_INFINITY).toSorted((a, b) => a - b);
}

test("a canary at 5x the objective is cut within 550 attempts in 95 % of days", () => {
  const delays = delaysAt(0.05);
  // Not only of these days: of all, at 95 % confidence. That takes 38 late ones of the 1,010 at the most.
  expect(upperBound(delays.filter((delay) => delay > 550).length, days)).toBeLessThanOrEqual(0.05);
  expect(delays[days / 2]).toBeLessThanOrEqual(300);
}, 30_000);

test("the worse a canary is, the sooner it is cut", () => {
  expect(delaysAt(0.2)[days / 2]).toBeLessThanOrEqual(60);
  expect(delaysAt(1)[days / 2]).toBe(20);
});

test("the bound on a share is the one of the tables", () => {
  expect(upperBound(0, 300)).toBeCloseTo(1 - 0.05 ** (1 / 300), 6);
  expect(upperBound(5, 100)).toBeCloseTo(0.1023, 3);
});
