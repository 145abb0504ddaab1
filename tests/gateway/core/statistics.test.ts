import { expect, test } from "bun:test";
import type { Attempt, AttemptOutcome } from "../../../gateway/core/record.ts";
import { createStatistics } from "../../../gateway/core/statistics.ts";

const attempt = (outcome: AttemptOutcome, version = 1): Attempt => ({
  model: "fraud",
  version,
  rollout: null,
  phase: "stable",
  outcome,
  fallback: false,
  seconds: 0.001,
});

test("attempts are counted by version and outcome, with the time they took, but for what callers were refused", () => {
  let now = 100;
  const statistics = createStatistics(
    () => now,
    () => true,
  );
  for (const outcome of ["ok", "ok", "fault", "shared"] as const) statistics.attempt(attempt(outcome));
  now = 200;
  statistics.attempt(attempt("refused"));
  statistics.attempt(attempt("ok", 2));
  expect(statistics.of("fraud", 1)).toEqual({
    success: { count: 2, ns: 2_000_000 },
    fail: { count: 2, ns: 2_000_000 },
    lastAt: 100,
  });
  expect(statistics.of("fraud", 2)).toMatchObject({ success: { count: 1 }, fail: { count: 0 }, lastAt: 200 });
  expect(statistics.of("fraud", 3)).toBeNull();
  expect(statistics.of("churn", 1)).toBeNull();
});

test("a version that is served no more makes room for a new one", () => {
  const statistics = createStatistics(
    () => 0,
    (_model, version) => version !== 1,
  );
  statistics.attempt(attempt("ok", 1));
  expect(statistics.of("fraud", 1)).not.toBeNull();
  statistics.attempt(attempt("ok", 2));
  expect(statistics.of("fraud", 1)).toBeNull();
  expect(statistics.of("fraud", 2)).not.toBeNull();
});
