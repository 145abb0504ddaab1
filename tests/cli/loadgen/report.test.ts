import { describe, expect, test } from "bun:test";
import type { Reply } from "../../../cli/loadgen/reply.ts";
import { formatLive, formatSummary } from "../../../cli/loadgen/report.ts";
import type { Summary } from "../../../cli/loadgen/summary.ts";
import { createTally } from "../../../cli/loadgen/tally.ts";

const reply: Reply = { status: 200, version: "1", phase: "stable", fallbackFrom: null, prediction: 1, error: null };
const state = { ended: "duration", elapsedMs: 2000, dueMs: 2000, askedPerSecond: 50 } as const;

function busy(): Summary {
  const tally = createTally();
  for (let k = 0; k < 90; k++) {
    tally.sent(0.5);
    tally.replied({ ...reply, fallbackFrom: k < 4 ? "10" : null }, k < 45 ? 1 : 0, 2, 1);
  }
  for (let k = 0; k < 6; k++) {
    tally.sent(0.5);
    tally.replied({ ...reply, version: "10", phase: "canary" }, null, 12_345, 12_344);
  }
  tally.sent(25);
  tally.timedOut("no answer within 10000 ms", 10_025, 10_000);
  for (let k = 0; k < 3; k++) tally.overloaded("256 requests were in flight", 1);
  return tally.summary(state);
}

describe("the report", () => {
  test("says what happened, with one table by version and one line an error", () => {
    expect(formatSummary(busy())).toBe(
      `100 requests in 2.0 s: 96 ok, 4 failed
rate      48.5/s of 50/s asked for
1 request left over 10 ms after the time due (at most 25 ms): the load generator could not keep up
latency   p50 2.02 ms  p95 12.3 s  p99 12.3 s  max 12.3 s  (from the time due, late or not; exact to 1 %)
service   p50 1 ms  p95 12.3 s  p99 12.3 s  max 12.3 s  (from the moment of sending)

version  phase   answers   share  95 % interval     p50     p95     p99  errors     attempts  failed over              accuracy
1        stable       90  93.8 %    87.0-97.1 %    2 ms    2 ms    2 ms       0  86 (89.6 %)            0  50.0 % (39.9-60.1 %)
10       canary        6   6.3 %     2.9-13.0 %  12.3 s  12.3 s  12.3 s       0  10 (10.4 %)            4                     -

errors
  3  client overload  256 requests were in flight
  1  time-out         no answer within 10000 ms
`,
    );
  });

  test("of nothing is short and divides by nothing", () => {
    const empty = createTally().summary({ ...state, ended: "aborted", elapsedMs: 0, dueMs: 0 });
    expect(formatSummary(empty)).toBe("0 requests in 0.0 s: 0 ok, 0 failed\nrate      0/s of 50/s asked for\n");
  });

  test("looks the same without colour, whatever the colours are", () => {
    const marked = formatSummary(busy(), (tone, text) => `<${tone}>${text}</>`);
    expect(marked).toContain("<bad>4 failed</>");
    expect(marked.replace(/<[a-z/]+>/g, "")).toBe(formatSummary(busy()));
  });

  test("has a line for a terminal while the load runs", () => {
    expect(formatLive(busy())).toBe("2.0 s  48.5/s  96 ok  4 failed  p50 2.02 ms  p99 12.3 s  v1 93.8 %  v10 6.3 %");
  });
});
