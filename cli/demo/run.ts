import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "../context.ts";
import { badCanary } from "./chapters/bad-canary.ts";
import { firstVersion, layOut } from "./chapters/first-version.ts";
import { goodCanary } from "./chapters/good-canary.ts";
import { stalePromotion } from "./chapters/stale-promotion.ts";
import { suggestions } from "./keep.ts";
import { drawTraffic } from "./live-line.ts";
import { environmentLog } from "./main-branch.ts";
import { renderReport } from "./report-text.ts";
import { clientReport, rollbackReport, type DemoReport } from "./report.ts";
import type { Show } from "./show.ts";
import { heldOutRows, openStage, repository, type Stage } from "./stage.ts";
import { createTimeline, type Timeline } from "./timeline.ts";
import { startTraffic, type Traffic } from "./traffic.ts";
import { createVoice, type Voice } from "./voice.ts";
import { DidNotHappen, must } from "./wait.ts";

/** What is known so far; a report can be made of it at any moment. */
type Findings = { -readonly [Name in "rollback" | "stalePromotion" | "splits" | "log"]: DemoReport[Name] } & {
  traffic: Traffic | null;
};

/**
 * Plays the whole demo and cleans up after it, whatever happens. With `keep` everything goes on until `context.signal`
 * aborts. A step that did not really happen makes the report `failed`; what is wrong with the machine (no git) throws.
 */
export async function runDemo(context: Context, keep: boolean): Promise<DemoReport> {
  const voice = createVoice(context);
  const timeline = createTimeline(Date.now);
  const findings: Findings = { rollback: null, stalePromotion: null, splits: [], log: [], traffic: null };
  const end = (status: DemoReport["status"], failure: string | null): DemoReport => {
    return reportOf(findings, timeline, status, failure);
  };
  try {
    const stage = await openStage(context.env, context.signal);
    try {
      const show: Show = { stage, voice, timeline, signal: context.signal };
      const gateway = await play(show, findings, context);
      if (!keep) await findings.traffic?.stop();
      confirmNobodyFailed(findings.traffic);
      const report = end("ok", null);
      if (keep)
        await leaveRunning(context, voice, [renderReport(report, context.style), ...suggestions(stage, gateway)]);
      return report;
    } catch (error) {
      voice.quiet();
      // The folder goes, and its log with it.
      if (error instanceof DidNotHappen) voice.output(endOfLog(stage));
      throw error;
    } finally {
      voice.quiet();
      await findings.traffic?.stop().catch(() => undefined);
      await stage.close();
    }
  } catch (error) {
    if (context.signal.aborted) return end("interrupted", null);
    if (error instanceof DidNotHappen) return end("failed", error.message);
    throw error;
  }
}

/** The chapters, one after the other; answers the gateway's address. */
async function play(show: Show, findings: Findings, context: Context): Promise<string> {
  const { stage, voice, signal } = show;
  await layOut(show);
  const gateway = await firstVersion(show);
  const traffic = await startTraffic(gateway, heldOutRows, signal);
  findings.traffic = traffic;
  voice.live(() => drawTraffic(traffic, context.style));
  voice.tell(`steady traffic from now on: ${traffic.summary().rate.askedPerSecond} held-out rows a second`);
  const first = traffic.count();
  await traffic.until(() => first.answers(1) >= 300, "300 answers of version 1");
  const serving = { ...show, gateway, traffic };
  const goodSplit = await goodCanary(serving);
  findings.splits = [goodSplit];
  const { split, rollback, promotion } = await badCanary(serving);
  findings.splits = [goodSplit, split];
  findings.rollback = rollbackReport(rollback);
  findings.stalePromotion = await stalePromotion(serving, promotion);
  findings.log = await environmentLog(stage);
  return gateway;
}

function confirmNobodyFailed(traffic: Traffic | null): void {
  const { failed = 0, errors = [] } = traffic?.summary() ?? {};
  must(failed === 0, `${failed} client requests failed: ${errors[0]?.example ?? ""}`);
}

/** The last lines that the gateway wrote, where there is one. */
function endOfLog({ env }: Stage): string {
  const file = join(
    env["XDG_CACHE_HOME"] ?? "",
    "mmsp",
    repository.owner,
    repository.repo,
    "main",
    "dev",
    "gateway.log",
  );
  if (!existsSync(file)) return "";
  return `the end of the gateway's log:\n${readFileSync(file, "utf8").trimEnd().split("\n").slice(-20).join("\n")}`;
}

/** Says what to try, and waits for Ctrl-C. */
async function leaveRunning(context: Context, voice: Voice, lines: readonly string[]): Promise<void> {
  for (const line of lines.join("\n").split("\n")) voice.plain(line);
  if (context.signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  context.signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
}

function reportOf(
  { traffic, ...found }: Findings,
  timeline: Timeline,
  status: DemoReport["status"],
  failure: string | null,
): DemoReport {
  return {
    status,
    failure,
    durationMs: timeline.elapsedMs(),
    timeline: timeline.moments(),
    ...found,
    accuracy: traffic?.accuracy() ?? [],
    clients: traffic === null ? null : clientReport(traffic.summary()),
  };
}
