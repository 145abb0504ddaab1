import { expect, test } from "bun:test";
import { verdictOn } from "../../../../cli/gitops/render/metric-direction.ts";

test.each([
  ["accuracy", "better"],
  ["val_f1", "better"],
  ["testAUC", "better"],
  ["recall@10", "better"],
  ["log_loss", "worse"],
  ["RMSE", "worse"],
  ["p95_latency_ms", "worse"],
  ["mean absolute error", "worse"],
  ["precision_error", "worse"],
  ["neg_log_loss", "better"],
  ["score", null],
  ["rows", null],
  ["", null],
  ["constructor", null],
] as const)("more of %p is %p", (name, verdict) => {
  expect(verdictOn(name, 0.5)).toBe(verdict);
  expect(verdictOn(name, 0)).toBeNull();
  const other = verdict === "better" ? "worse" : verdict === "worse" ? "better" : null;
  expect(verdictOn(name, -0.5)).toBe(other);
});
