import { expect, test } from "bun:test";
import type { DemoReport } from "../../../cli/demo/report.ts";
import { expectOutput } from "../../support/output.ts";
import { descendants, startDemo, survivors } from "./demo-process.ts";

test("the demo plays the whole loop, every step really happens, and with --keep all of it goes on until Ctrl-C", async () => {
  using demo = startDemo(["--keep", "--json"]);
  await demo.says("Ctrl-C ends it all");
  await expectItGoesOn(demo.stderr());
  const started = descendants(demo.pid);
  process.kill(demo.pid, "SIGINT");
  const code = await demo.exited;
  const report = JSON.parse(await demo.stdout()) as DemoReport;
  expectOutput("demo", report);
  expect(report.failure).toBeNull();
  expect(report.status).toBe("ok");
  expect(code).toBe(0);

  const { rollback, clients, stalePromotion, splits, accuracy, log, timeline } = report;
  expect(clients).toMatchObject({ failed: 0 });
  // Ctrl-C may come between a request and its answer.
  expect(clients!.ok).toBeGreaterThan(0.95 * clients!.requests);
  expect(rollback!.failedAttempts).toBeGreaterThan(0);
  expect(rollback!.firstBadToCutMs).toBeGreaterThanOrEqual(0);
  expect(rollback!.cutToCommitMs).toBeGreaterThan(0);
  expect(rollback!.firstBadToCommitMs).toBe(rollback!.firstBadToCutMs + rollback!.cutToCommitMs);
  expect(rollback!.evidence).not.toEqual({});
  expect(splits.map(({ version, askedPercent }) => [version, askedPercent])).toEqual([
    [2, 10],
    [3, 10],
  ]);
  expect(stalePromotion).toMatchObject({ stableServed: 2, toRejected: { byReplies: 0, byGateway: 0 } });
  expect(stalePromotion!.requests).toBeGreaterThanOrEqual(500);

  // Models are deterministic: over all rows the clients' count is what was registered.
  const [first, second, third] = accuracy;
  expect(first).toMatchObject({ version: 1, right: { count: 212, of: 228 } });
  expect(second).toMatchObject({ version: 2, right: { count: 222, of: 228 } });
  expect(third!.right.of).toBeLessThanOrEqual(152);

  expect(log.map(({ subject }) => subject.replace(/ \(#\d+\)$/, ""))).toEqual([
    "Lay out the environments",
    "Deploy breast-cancer 1 to dev as stable",
    "Deploy breast-cancer 2 to dev at 10 %",
    "Promote breast-cancer 2 to stable in dev",
    "Deploy breast-cancer 3 to dev at 10 %",
    "Roll back breast-cancer 3 in dev, version 2 serves",
    "Promote breast-cancer 3 to stable in dev",
  ]);
  expect(timeline.map(({ atMs }) => atMs)).toEqual(timeline.map(({ atMs }) => atMs).toSorted((a, b) => a - b));
  expect(demo.folders()).toEqual([]);
  expect(await survivors(started)).toEqual([]);
}, 120_000);

/** `shown`: what the demo says on stderr when all is played. */
async function expectItGoesOn(shown: string): Promise<void> {
  const url = /curl -s (http:\/\/\S+)\/status/.exec(shown)?.[1] ?? "";
  const status = (await (await fetch(`${url}/status`)).json()) as { models: { stable: { version: number } }[] };
  expect(status.models[0]!.stable.version).toBe(2);

  // What it suggests works as it stands, in a shell of one's own.
  const lines = shown.slice(shown.indexOf("Everything is left running")).split("\n");
  const [enter = "", variables = "", alias = ""] = lines.filter((line) => /^ {2}(cd|export|alias) /.test(line));
  const mmsp = alias.trim().replace(/^alias mmsp='(.*)'$/, "$1");
  const script = `${enter}\n${variables}\ngit pull --quiet && ${mmsp} status`;
  const shell = Bun.spawn(["sh", "-ec", script], { stdio: ["ignore", "pipe", "pipe"] });
  expect(await shell.stdout.text()).toContain("3 by guard");
  expect(await shell.exited).toBe(0);
}
