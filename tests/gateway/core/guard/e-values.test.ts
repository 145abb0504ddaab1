import { expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  alternativesTo,
  logAboveObjective,
  logWorseThan,
  type Count,
} from "../../../../gateway/core/guard/e-values.ts";

const above = (hits: number, attempts: number, objective: number): number =>
  Math.exp(logAboveObjective({ hits, attempts }, alternativesTo(objective)));

/** Mean of the e-value for whoever stops at the best moment of the first `horizon` attempts (Snell's envelope). */
function bestStopping(objective: number, rateAt: (attempt: number) => number, horizon: number): number {
  let values = Array.from({ length: horizon + 1 }, (_, hits) => above(hits, horizon, objective));
  for (let attempt = horizon - 1; attempt >= 0; attempt -= 1) {
    const rate = rateAt(attempt);
    values = Array.from({ length: attempt + 1 }, (_, hits) =>
      Math.max(above(hits, attempt, objective), rate * values[hits + 1]! + (1 - rate) * values[hits]!),
    );
  }
  return values[0]!;
}

test("no way of stopping gains on a canary within its objective", () => {
  for (const objective of [0.001, 0.01, 0.05, 0.3]) {
    for (const share of [1, 0.7, 0.2]) {
      expect(bestStopping(objective, () => objective * share, 80)).toBeLessThanOrEqual(1 + 1e-9);
    }
  }
});

test("nor when its rate changes from attempt to attempt below the objective", () => {
  const rates = fc.array(fc.double({ min: 0, max: 0.05, noNaN: true }), { minLength: 40, maxLength: 40 });
  fc.assert(fc.property(rates, (rates) => bestStopping(0.05, (attempt) => rates[attempt]!, 40) <= 1 + 1e-9));
});

test("a canary above its objective is worth stopping for", () => {
  expect(bestStopping(0.05, () => 0.5, 40)).toBeGreaterThan(1e6);
});

/** The same for the comparison: chance deals each request to the canary with probability `share`. */
function bestStoppingAgainstStable(
  share: number,
  rates: (attempt: number) => { canary: number; stable: number },
  horizon: number,
): number {
  const memo = new Map<string, number>();
  function value(canary: Count, stable: Count): number {
    const key = `${canary.hits},${canary.attempts},${stable.hits},${stable.attempts}`;
    const known = memo.get(key);
    if (known !== undefined) return known;
    const now = Math.exp(logWorseThan(canary, stable));
    const attempt = canary.attempts + stable.attempts;
    let later = 0;
    if (attempt < horizon) {
      const rate = rates(attempt);
      const next = (count: Count, hits: number): Count => ({ hits: count.hits + hits, attempts: count.attempts + 1 });
      later =
        share * (rate.canary * value(next(canary, 1), stable) + (1 - rate.canary) * value(next(canary, 0), stable)) +
        (1 - share) *
          (rate.stable * value(canary, next(stable, 1)) + (1 - rate.stable) * value(canary, next(stable, 0)));
    }
    const best = Math.max(now, later);
    memo.set(key, best);
    return best;
  }
  return value({ hits: 0, attempts: 0 }, { hits: 0, attempts: 0 });
}

test("no way of stopping gains on a canary that is no worse than stable", () => {
  for (const share of [0.1, 0.5, 0.9]) {
    for (const [canary, stable] of [
      [0.01, 0.01],
      [0.5, 0.5],
      [0.1, 0.4],
      [0, 0.02],
      [1, 1],
    ] as const) {
      expect(bestStoppingAgainstStable(share, () => ({ canary, stable }), 16)).toBeLessThanOrEqual(1 + 1e-9);
    }
  }
});

test("nor during outages that both have, at any moment and of any size", () => {
  const rates = fc.array(fc.constantFrom(0, 0.01, 0.5, 1), { minLength: 12, maxLength: 12 });
  fc.assert(
    fc.property(rates, fc.constantFrom(0.1, 0.5, 0.9), (rates, share) => {
      const both = (attempt: number) => ({ canary: rates[attempt]!, stable: rates[attempt]! });
      return bestStoppingAgainstStable(share, both, 12) <= 1 + 1e-9;
    }),
    { numRuns: 60 },
  );
});

test("one failure more is never evidence for the canary, above the objective", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 500 }),
      fc.nat(),
      fc.constantFrom(0.001, 0.01, 0.3),
      (attempts, at, objective) => {
        const hits = at % attempts;
        return above(hits + 1, attempts, objective) >= above(hits, attempts, objective);
      },
    ),
  );
});

test("against stable, one failure more weighs more wherever the canary is above stable already", () => {
  const count = fc.integer({ min: 1, max: 300 });
  fc.assert(
    fc.property(count, count, fc.nat(), fc.nat(), (canary, stable, some, few) => {
      const hits = some % canary;
      const of: Count = { hits: few % (stable + 1), attempts: stable };
      // Above: half a failure more than so many keeps the canary's own rate above that of both together.
      const failures = hits + of.hits + 0.5;
      fc.pre((hits + 0.5) / canary > failures / (canary + stable) && failures < (canary + stable) / 2);
      const less = logWorseThan({ hits, attempts: canary }, of);
      return logWorseThan({ hits: hits + 1, attempts: canary }, of) >= less - 1e-9;
    }),
  );
});

test("nothing seen is no evidence", () => {
  expect(above(0, 0, 0.01)).toBeCloseTo(1, 12);
  expect(logWorseThan({ hits: 0, attempts: 0 }, { hits: 0, attempts: 0 })).toBeCloseTo(0, 12);
});

test("without stable attempts the comparison can never accuse", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 10_000 }),
      (hits) => logWorseThan({ hits, attempts: 10_000 }, { hits: 0, attempts: 0 }) <= 1e-6,
    ),
  );
});
