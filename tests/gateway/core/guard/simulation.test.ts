import { expect, test } from "bun:test";
import { chanceOfAtMost, simulateDay, upperBound, type Day, type Rates } from "../../../support/guard-day.ts";
import { seededRandom } from "../../../support/random.ts";

const day: Day = {
  slo: { errorRate: 0.01, latencyP95Ms: 200, minRequests: 20, windowSeconds: 60 },
  weight: 10,
  attempts: 2_000,
  seconds: 86_400,
  canary: () => ({ errors: 0.01, slow: 0.05 }),
  stable: () => ({ errors: 0, slow: 0 }),
  lookEvery: 20,
};
const days = 60;

function cutsOf(scenario: Day): readonly (number | null)[] {
  return Array.from({ length: days }, (_, run) => simulateDay(scenario, seededRandom(run + 1)));
}

/** Were 1 % of healthy canaries cut, more than this many of the days would be with a chance below one in a million. */
function mostAllowed(): number {
  let cuts = 0;
  while (1 - chanceOfAtMost(cuts, days, 0.01) > 1e-6) cuts += 1;
  return cuts;
}

const alike: Rates = { errors: 0.05, slow: 0.25 };
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
    expect(cuts).toBeLessThanOrEqual(mostAllowed());
  },
  30_000,
);

test("bad canaries are cut, the worse the sooner", () => {
  const stable = (): Rates => ({ errors: 0.005, slow: 0.02 });
  const median = (errors: number): number => {
    const cuts = cutsOf({ ...day, canary: () => ({ errors, slow: 0.02 }), stable }).map((cut) => cut ?? Infinity);
    return cuts.toSorted((a, b) => a - b)[days / 2]!;
  };
  expect(median(0.05)).toBeLessThanOrEqual(500);
  expect(median(0.2)).toBeLessThanOrEqual(60);
  expect(median(1)).toBe(20);
});

test("the bound on a share is the one of the tables", () => {
  expect(upperBound(0, 300)).toBeCloseTo(1 - 0.05 ** (1 / 300), 6);
  expect(upperBound(5, 100)).toBeCloseTo(0.1023, 3);
});
