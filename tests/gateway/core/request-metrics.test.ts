import { expect, test } from "bun:test";
import { assert, asyncProperty, array, constantFrom, integer, oneof, record, string } from "fast-check";
import { createRequestMetrics } from "../../../gateway/core/request-metrics.ts";
import type { AttemptOutcome, AttemptPhase, FallbackReason } from "../../../gateway/core/record.ts";
import { byPromClient } from "../../support/prom-client-recorder.ts";

const model = oneof(
  constantFrom("fraud", "wine"),
  string({ maxLength: 6, unit: constantFrom("a", '"', "\\", "\n", "é") }),
);
const version = integer({ min: 1, max: 3 });
const phase = constantFrom<AttemptPhase>("stable", "canary", "explicit");
const outcome = constantFrom<AttemptOutcome>("ok", "fault", "late", "shared", "refused");
const reason = constantFrom<FallbackReason>(
  "error",
  "timeout",
  "malformed",
  "signature",
  "overload",
  "unavailable",
  "shared",
);
/** Sums of such times are exact, in whatever order they are taken. Some are bounds of buckets. */
const seconds = oneof(
  integer({ min: 0, max: 2 ** 24 }).map((units) => units / 2 ** 20),
  constantFrom(0, 0.25, 0.5, 1, 2.5, 5, 10),
);

test("what is written is what prom-client writes of the same requests", async () => {
  const attempts = array(record({ model, version, phase, outcome, seconds }), { maxLength: 60 });
  const replies = array(record({ model, code: constantFrom(200, 400, 503) }), { maxLength: 20 });
  const fallbacks = array(record({ model, version, reason }), { maxLength: 20 });
  await assert(
    asyncProperty(attempts, replies, fallbacks, async (tried, replied, fellBack) => {
      const own = createRequestMetrics({ isLive: () => true });
      const theirs = byPromClient();
      for (const recorder of [own, theirs]) {
        for (const attempt of tried) recorder.attempt({ ...attempt, rollout: 1, fallback: false });
        for (const reply of replied) recorder.reply(reply.model, reply.code);
        for (const { model, version, reason } of fellBack) recorder.fallback(model, version, reason);
      }
      expect(families(own.text())).toEqual(families(await theirs.text()));
    }),
    { numRuns: 300 },
  );
});

test("above the limit, a metric has one more series for each phase, and no attempt is lost", () => {
  const limit = 3;
  const metrics = createRequestMetrics({ isLive: () => true, limit });
  for (let at = 0; at < 100; at++) {
    const attempt = { model: `m${at % 10}`, version: at, rollout: 1, fallback: false, seconds: 0.25 } as const;
    metrics.attempt({ ...attempt, phase: at % 2 === 0 ? "stable" : "canary", outcome: "ok" });
  }
  const lines = metrics
    .text()
    .split("\n")
    .filter((line) => line.startsWith("gateway_request_total{"));
  expect(lines).toEqual([
    'gateway_request_total{model="m0",version="0",phase="stable"} 1',
    'gateway_request_total{model="m1",version="1",phase="canary"} 1',
    'gateway_request_total{model="m2",version="2",phase="stable"} 1',
    'gateway_request_total{model="_other",version="_other",phase="canary"} 49',
    'gateway_request_total{model="_other",version="_other",phase="stable"} 48',
  ]);
});

/** Heading and samples of each metric. Errors stand in the order of the first attempt, with prom-client of the first error. */
function families(text: string): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    text
      .trim()
      .split("\n\n")
      .map((family) => {
        const [help = "", ...lines] = family.split("\n");
        return [help, /errors_total/.test(help) ? lines.toSorted() : lines];
      }),
  );
}
