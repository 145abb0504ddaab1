import { expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  logGamma,
  logMaximumLikelihood,
  logMixedLikelihood,
  logSumOf,
} from "../../../../gateway/core/guard/special.ts";

test("the log gamma function has its known values", () => {
  const known: readonly (readonly [number, number])[] = [
    [0.001, 6.907178885383853],
    [0.5, Math.log(Math.sqrt(Math.PI))],
    [1, 0],
    [1.5, Math.log(Math.sqrt(Math.PI) / 2)],
    [2, 0],
    [5, Math.log(24)],
    [11, Math.log(3_628_800)],
    [100, 359.1342053695754],
    [1000.5, 5908.674175848678],
    [1e6, 12815504.569147611],
  ];
  for (const [x, value] of known) expect(Math.abs(logGamma(x) - value)).toBeLessThanOrEqual(1e-12 * Math.max(1, value));
});

test("it grows by ln x from x to x + 1", () => {
  fc.assert(
    fc.property(fc.double({ min: 0.01, max: 1e6, noNaN: true }), (x) => {
      const scale = Math.max(1, Math.abs(logGamma(x)));
      return Math.abs(logGamma(x + 1) - logGamma(x) - Math.log(x)) <= 1e-12 * scale;
    }),
  );
});

test("the mixed likelihood is a probability over all sequences", () => {
  const trials = 12;
  let total = 0;
  for (let hits = 0; hits <= trials; hits += 1) {
    const sequences = Math.exp(logGamma(trials + 1) - logGamma(hits + 1) - logGamma(trials - hits + 1));
    total += sequences * Math.exp(logMixedLikelihood(hits, trials));
  }
  expect(total).toBeCloseTo(1, 12);
});

test("mixing costs at most half ln n and ln 2 against the best rate in hindsight", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100_000 }), fc.nat(), (trials, some) => {
      const hits = some % (trials + 1);
      const cost = logMaximumLikelihood(hits, trials) - logMixedLikelihood(hits, trials);
      return cost >= -1e-6 && cost <= 0.5 * Math.log(trials) + Math.LN2 + 1e-6;
    }),
  );
});

test("sums of logarithms neither overflow nor lose what is there", () => {
  expect(logSumOf([1000, 1000])).toBeCloseTo(1000 + Math.LN2, 9);
  expect(logSumOf([Number.NEGATIVE_INFINITY, -3])).toBe(-3);
  expect(logSumOf([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY])).toBe(Number.NEGATIVE_INFINITY);
  expect(logSumOf([0, -1000])).toBe(0);
});
