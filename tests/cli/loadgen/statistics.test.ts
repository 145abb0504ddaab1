import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { createHistogram, RELATIVE_ERROR } from "../../../cli/loadgen/histogram.ts";
import { dueAt, dueBy, makePace } from "../../../cli/loadgen/pace.ts";
import { seededRandom } from "../../../cli/loadgen/random.ts";
import { wilson } from "../../../cli/loadgen/wilson.ts";

describe("the pace", () => {
  test("a run holds every request that is due before its end", () => {
    expect(makePace(0, 50, 120).total).toBe(6000);
    expect(makePace(0, 0.1, 30).total).toBe(3);
    expect(makePace(0, 3, 0.5).total).toBe(2);
    expect(makePace(0, 10, 0).total).toBe(Number.POSITIVE_INFINITY);
    expect(makePace(0, 10, null).total).toBe(Number.POSITIVE_INFINITY);
  });

  test("request k is due at its own time and not a request earlier", () => {
    const rps = fc.double({ min: 0.01, max: 10_000, noNaN: true });
    fc.assert(
      fc.property(rps, fc.nat(1_000_000), fc.nat(1_000_000), (rps, k, start) => {
        const pace = makePace(start, rps, null);
        const interval = 1000 / rps;
        expect(dueBy(pace, dueAt(pace, k))).toBe(k + 1);
        expect(dueBy(pace, dueAt(pace, k) - interval / 2)).toBe(k);
      }),
    );
  });

  test("nothing is due before the start, and no more than all after the end", () => {
    const pace = makePace(1000, 10, 2);
    expect(dueBy(pace, 999)).toBe(0);
    expect(dueBy(pace, 1_000_000)).toBe(20);
  });
});

describe("percentiles", () => {
  const exact = (values: readonly number[], share: number): number =>
    values.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(share * values.length)) - 1]!;

  test("are within the stated error of the exact ones, over nine decades", () => {
    const durations = fc.array(fc.double({ min: -3, max: 6.5, noNaN: true }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(durations, fc.constantFrom(0.01, 0.5, 0.9, 0.95, 0.99, 1), (exponents, share) => {
        const values = exponents.map((exponent) => 10 ** exponent);
        const histogram = createHistogram();
        for (const value of values) histogram.add(value);
        const wanted = exact(values, share);
        expect(Math.abs(histogram.quantile(share)! - wanted) / wanted).toBeLessThanOrEqual(RELATIVE_ERROR + 1e-9);
        expect(histogram.summary().maxMs).toBe(Math.max(...values));
      }),
    );
  });

  test("of nothing are null, and no value is lost outside the range", () => {
    const histogram = createHistogram();
    expect(histogram.summary()).toEqual({ count: 0, p50Ms: null, p95Ms: null, p99Ms: null, maxMs: null });
    histogram.add(0);
    histogram.add(1e9);
    expect(histogram.summary()).toMatchObject({ count: 2, maxMs: 1e9 });
  });
});

describe("the Wilson interval", () => {
  test("gives the published values", () => {
    // Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    const cases = [
      [81, 263, 25.53, 36.62],
      [15, 148, 6.24, 16.05],
      [0, 20, 0, 16.11],
      [1, 29, 0.61, 17.18],
    ] as const;
    for (const [count, of, low, high] of cases) {
      const share = wilson(count, of)!;
      expect(share.lowPercent).toBeCloseTo(low, 2);
      expect(share.highPercent).toBeCloseTo(high, 2);
    }
    expect(wilson(0, 0)).toBeNull();
  });

  test("holds the share, stays within 0 to 100 % and mirrors", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (of, part) => {
        const count = Math.round(part * of);
        const share = wilson(count, of)!;
        const mirror = wilson(of - count, of)!;
        expect(share.lowPercent).toBeGreaterThanOrEqual(0);
        expect(share.lowPercent).toBeLessThanOrEqual(share.percent);
        expect(share.highPercent).toBeGreaterThanOrEqual(share.percent);
        expect(share.highPercent).toBeLessThanOrEqual(100);
        expect(mirror.lowPercent).toBeCloseTo(100 - share.highPercent, 6);
      }),
    );
  });

  test("its ends solve the score equation it comes from", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 10_000 }), fc.double({ min: 0.01, max: 0.99, noNaN: true }), (of, part) => {
        const count = Math.min(of - 1, Math.max(1, Math.round(part * of)));
        const share = wilson(count, of)!;
        for (const end of [share.lowPercent / 100, share.highPercent / 100]) {
          const score = Math.abs(count / of - end) / Math.sqrt((end * (1 - end)) / of);
          expect(score).toBeCloseTo(1.96, 3);
        }
      }),
    );
  });
});

test("a seed gives the same numbers again, spread evenly over 0 to 1", () => {
  const draw = (seed: number): number[] => {
    const random = seededRandom(seed);
    return Array.from({ length: 10_000 }, () => random());
  };
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
  const tenths = Array.from({ length: 10 }, (_, at) => draw(7).filter((value) => Math.floor(value * 10) === at).length);
  expect(Math.min(...tenths)).toBeGreaterThan(850);
  expect(Math.max(...tenths)).toBeLessThan(1150);
});
