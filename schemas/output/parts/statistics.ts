import { z } from "zod";

const Milliseconds = z.number().min(0).nullable();

/** How long answers took, in milliseconds; null without answers. */
export const LatencyOutput = z.strictObject({
  count: z.int().min(0),
  p50Ms: Milliseconds,
  p95Ms: Milliseconds,
  p99Ms: Milliseconds,
  maxMs: Milliseconds,
});

const Percentage = z.number().min(0).max(100);

/** A share of a count with its 95 % confidence interval, in percent. */
export const ShareOutput = z.strictObject({
  count: z.int().min(0),
  of: z.int().min(1),
  percent: Percentage,
  lowPercent: Percentage,
  highPercent: Percentage,
});
