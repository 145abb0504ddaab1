import type { Cut } from "../../schemas/cut.ts";

/** A cut of version 3 of fraud, a canary in its sixth attempt, unless said otherwise. */
export function cutOf(more: Partial<Cut> = {}): Cut {
  return {
    environment: "prod",
    model: "fraud",
    version: 3,
    attempt: 6,
    phase: "canary",
    by: "alert",
    reason: "ErrorRateHigh: one in three fails",
    evidence: { severity: "page" },
    at: "2026-11-21T08:10:00.000Z",
    ...more,
  };
}
