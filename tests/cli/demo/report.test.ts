import { describe, expect, test } from "bun:test";
import { isPlausible, type Split } from "../../../cli/demo/chapters/good-canary.ts";
import { sumRequests } from "../../../cli/demo/gateway-client.ts";
import { cellsOf, drawTraffic } from "../../../cli/demo/live-line.ts";
import { parseLog } from "../../../cli/demo/main-branch.ts";
import { renderReport } from "../../../cli/demo/report-text.ts";
import { rollbackReport, type DemoReport } from "../../../cli/demo/report.ts";
import { createTimeline } from "../../../cli/demo/timeline.ts";
import { createVoice, quote } from "../../../cli/demo/voice.ts";
import { createTally } from "../../../cli/loadgen/tally.ts";
import { wilson } from "../../../cli/loadgen/wilson.ts";
import { createStyle } from "../../../cli/style.ts";
import * as fc from "fast-check";

const plain = createStyle(false, {});

const nothing: DemoReport = {
  status: "failed",
  failure: "mmsp deploy opened no pull request",
  durationMs: 1500,
  timeline: [],
  rollback: null,
  splits: [],
  accuracy: [],
  stalePromotion: null,
  clients: null,
  log: [],
};

describe("timeline", () => {
  test("moments stand in the order in which they happened, whenever they were told", () => {
    let now = 1000;
    const timeline = createTimeline(() => now);
    now = 1500;
    timeline.add("later");
    timeline.add("earlier", 1200);
    expect(timeline.moments()).toEqual([
      { what: "earlier", atMs: 200 },
      { what: "later", atMs: 500 },
    ]);
    expect(timeline.elapsedMs()).toBe(500);
  });
});

describe("report", () => {
  const rollback = rollbackReport({
    firstBadAt: 10_000,
    cutAt: 10_300,
    committedAt: 10_500,
    commit: "5a82037aaaaa",
    reason: "errors 9 % of 64 attempts",
    evidence: {},
    failedAttempts: 6,
  });

  test("says how long it took from the first bad answer to the cut and to the commit", () => {
    expect(rollback).toMatchObject({ firstBadToCutMs: 300, cutToCommitMs: 200, firstBadToCommitMs: 500 });
    const text = renderReport({ ...nothing, status: "ok", failure: null, rollback }, plain);
    expect(text).toContain("first bad answer -> 300 ms -> cut -> 200 ms -> commit on main   (500 ms in all)");
    expect(text).toContain("failed until the cut: 6");
    expect(text).toContain("✓ everything happened, in 1.5 s");
  });

  test("of a demo that broke off, says what did not happen and nothing that is not known", () => {
    expect(renderReport(nothing, plain)).toBe("\n✗ did not happen: mmsp deploy opened no pull request (after 1.5 s)\n");
  });

  test("names rows, splits, failures and history", () => {
    const seen = wilson(100, 1000)!;
    const text = renderReport(
      {
        ...nothing,
        splits: [{ version: 2, askedPercent: 10, seen }],
        accuracy: [
          { version: 1, right: wilson(212, 228)!, of: 228 },
          { version: 3, right: wilson(70, 72)!, of: 228 },
        ],
        clients: { requests: 3000, ok: 3000, failed: 0, p50Ms: 1.234, p99Ms: 20 },
        log: [
          {
            commit: "5a82037",
            time: "11:48:23",
            author: "demo-admin",
            subject: "Roll back breast-cancer 3",
            files: [{ path: "environments/dev/models/breast-cancer/deployment.yaml", added: 16, removed: 1 }],
          },
        ],
      },
      plain,
    );
    expect(text).toContain("canary 2: asked for 10 %, clients saw 10.0 % (95 %: 8.3-12.0 %) of 1000 requests");
    expect(text).toContain("client requests that failed: 0 of 3000");
    expect(text).toContain("on all 228 rows");
    expect(text).toContain("on the 72 of 228 rows that it answered");
    expect(text).toContain("5a82037 11:48:23  Roll back breast-cancer 3 (demo-admin)");
    expect(text).toContain("models/breast-cancer/deployment.yaml +16 -1");
    expect(text).not.toContain("\u001b");
  });
});

describe("what is checked", () => {
  const split = (count: number, of: number): Split => ({ version: 2, askedPercent: 10, seen: wilson(count, of)! });

  test("a split is right within what chance explains, and wrong beyond", () => {
    expect(isPlausible(split(100, 1000))).toBe(true);
    expect(isPlausible(split(85, 1000))).toBe(true);
    expect(isPlausible(split(200, 1000))).toBe(false);
    expect(isPlausible(split(0, 1000))).toBe(false);
  });

  test("a version's requests are added up over the phases, and other versions' left out", () => {
    const metrics = [
      "# TYPE gateway_request_total counter",
      'gateway_request_total{model="m",version="3",phase="canary"} 70',
      'gateway_request_total{model="m",version="3",phase="explicit"} 2',
      'gateway_request_total{model="m",version="30",phase="stable"} 500',
      'gateway_request_errors_total{model="m",version="3",phase="canary"} 6',
      "",
    ].join("\n");
    expect(sumRequests(metrics, 3)).toBe(72);
    expect(sumRequests(metrics, 4)).toBe(0);
  });

  test("git's log is read with its files; a subject may hold anything", () => {
    const text =
      "\u001eabc\u001f11:00:00\u001fAda\u001fStart: a\tb\n\n16\t0\ta.yaml\n-\t-\tb.bin\n\u001edef\u001f11:00:01\u001fBob\u001fNext\n";
    expect(parseLog(text)).toEqual([
      {
        commit: "abc",
        time: "11:00:00",
        author: "Ada",
        subject: "Start: a\tb",
        files: [
          { path: "a.yaml", added: 16, removed: 0 },
          { path: "b.bin", added: 0, removed: 0 },
        ],
      },
      { commit: "def", time: "11:00:01", author: "Bob", subject: "Next", files: [] },
    ]);
    expect(parseLog("")).toEqual([]);
  });
});

describe("on a terminal", () => {
  test("the bar is always as wide, and every version that has traffic has a cell", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 8 }), (counts) => {
        const total = counts.reduce((sum, one) => sum + one, 0);
        const cells = cellsOf(counts.map((one) => one / total));
        expect(cells.reduce((sum, one) => sum + one, 0)).toBe(30);
        expect(Math.min(...cells)).toBeGreaterThan(0);
      }),
    );
  });

  test("the live line fits on one, and draws nothing before the first answer", () => {
    const summary = createTally().summary({ ended: null, elapsedMs: 12_000, dueMs: 12_000, askedPerSecond: 300 });
    const line = (recent: (string | null)[]): string =>
      drawTraffic({ recent: () => recent, summary: () => summary }, plain);
    const drawn = line([...Array<string>(89).fill("2"), ...Array<string>(10).fill("3"), null]);
    expect(drawn).toContain("v2 89 %  v3 10 %  error 1 %");
    expect(drawn.length).toBeLessThan(80);
    expect(line([])).not.toContain("█");
  });

  function told(isTerminal: boolean) {
    const lines: string[] = [];
    const drawn: string[] = [];
    const context = {
      isTerminal,
      style: plain,
      say: (line: string) => void lines.push(line),
      live: (line: string) => void drawn.push(line),
    };
    return { lines, drawn, voice: createVoice(context) };
  }

  test("the live line makes room for what is said, and comes back below it", () => {
    const { lines, drawn, voice } = told(true);
    voice.live(() => "traffic");
    voice.tell("news");
    voice.quiet();
    expect(lines).toEqual(["  news"]);
    expect(drawn).toEqual(["", "traffic", ""]);
  });

  test("elsewhere there is no live line, and commands stand as they were typed", () => {
    const { lines, drawn, voice } = told(false);
    voice.live(() => "traffic");
    voice.command(["git", "commit", "--message", "Lay out"]);
    voice.output("✓ done\n\n  more\n");
    voice.output("");
    voice.quiet();
    expect(lines).toEqual(["$ git commit --message 'Lay out'", "    ✓ done\n\n      more"]);
    expect(drawn).toEqual([]);
  });

  test("words are quoted as a shell needs them", () => {
    expect(quote("it's")).toBe(String.raw`'it'\''s'`);
    expect(quote("../a-b_c.onnx")).toBe("../a-b_c.onnx");
    expect(quote("")).toBe("''");
  });
});
