import type { Share } from "../loadgen/wilson.ts";
import type { Style } from "../style.ts";
import type { Split } from "./chapters/good-canary.ts";
import type { StalePromotion } from "./chapters/stale-promotion.ts";
import type { LogEntry } from "./main-branch.ts";
import type { ClientReport, DemoReport, RollbackReport } from "./report.ts";
import type { Accuracy } from "./tally.ts";
import type { Moment } from "./timeline.ts";

/** The report for people, with a line break at its end. */
export function renderReport(report: DemoReport, style: Style): string {
  const { rollback, clients, stalePromotion } = report;
  const sections = [
    section("Timeline", report.timeline.map(momentLine), style),
    section("Rollback", rollback === null ? [] : rollbackLines(rollback, style), style),
    section("Traffic", trafficLines(report.splits, clients, rollback, style), style),
    section("Accuracy on the held-out rows", report.accuracy.map(accuracyLine), style),
    section("After the stale promotion", stalePromotion === null ? [] : staleLines(stalePromotion), style),
    section(
      "git log environments/dev",
      report.log.flatMap((entry) => logLines(entry, style)),
      style,
    ),
    ending(report, style),
  ];
  return `\n${sections.filter((text) => text !== "").join("\n\n")}\n`;
}

function section(title: string, lines: readonly string[], style: Style): string {
  return lines.length === 0 ? "" : [style.bold(title), ...lines.map((line) => `  ${line}`)].join("\n");
}

function momentLine({ what, atMs }: Moment): string {
  return `${(atMs / 1000).toFixed(3).padStart(7)} s  ${what}`;
}

function rollbackLines(rollback: RollbackReport, style: Style): string[] {
  const { firstBadToCutMs, cutToCommitMs, firstBadToCommitMs, failedAttempts, reason } = rollback;
  const times = `first bad answer -> ${firstBadToCutMs} ms -> cut -> ${cutToCommitMs} ms -> commit on main`;
  return [
    `${style.bold(times)}   (${firstBadToCommitMs} ms in all)`,
    `canary attempts that failed until the cut: ${failedAttempts}, each answered by the stable version instead`,
    `why: ${reason}`,
  ];
}

function trafficLines(
  splits: readonly Split[],
  clients: ClientReport | null,
  rollback: RollbackReport | null,
  style: Style,
): string[] {
  const lines = splits.map(
    ({ version, askedPercent, seen }) =>
      `canary ${version}: asked for ${askedPercent} %, clients saw ${share(seen)} of ${seen.of} requests`,
  );
  if (clients === null) return lines;
  const { requests, failed, p50Ms, p99Ms } = clients;
  const failures = `client requests that failed: ${failed} of ${requests}`;
  lines.push(failed === 0 ? style.green(failures) : style.red(failures));
  if (rollback === null) return lines;
  return [...lines, `latency p50 ${milliseconds(p50Ms)}, p99 ${milliseconds(p99Ms)}`];
}

function accuracyLine({ version, right, of }: Accuracy): string {
  const rows = right.of === of ? `all ${of} rows` : `the ${right.of} of ${of} rows that it answered`;
  return `version ${version}: ${share(right)} right, on ${rows}`;
}

function staleLines(stale: StalePromotion): string[] {
  const { pullRequest, hadConflict, stableInText, stableServed, requests, toRejected } = stale;
  const how = hadConflict ? ", its conflict with the rollback resolved in its favour" : " without a conflict";
  return [
    `#${pullRequest} was merged${how}; main calls version ${stableInText} stable, the gateway serves ${stableServed}`,
    `of ${requests} further requests the rejected version got ${toRejected.byReplies} (by the gateway's own count ${toRejected.byGateway})`,
  ];
}

function logLines({ commit, time, author, subject, files }: LogEntry, style: Style): string[] {
  const changes = files.map(({ path, added, removed }) => {
    const name = path.replace(/^environments\/dev\//, "");
    return `${" ".repeat(18)}${name} ${style.green(`+${added}`)} ${style.red(`-${removed}`)}`;
  });
  return [`${style.yellow(commit)} ${time}  ${subject} ${style.dim(`(${author})`)}`, ...changes];
}

function ending({ status, failure, durationMs }: DemoReport, style: Style): string {
  const seconds = `${(durationMs / 1000).toFixed(1)} s`;
  if (status === "ok") return `${style.green("✓")} ${style.bold(`everything happened, in ${seconds}`)}`;
  if (status === "interrupted") return `interrupted after ${seconds}; nothing is left running`;
  return `${style.red("✗")} ${style.bold("did not happen:")} ${failure ?? ""} (after ${seconds})`;
}

function share({ percent, lowPercent, highPercent }: Share): string {
  return `${percent.toFixed(1)} % (95 %: ${lowPercent.toFixed(1)}-${highPercent.toFixed(1)} %)`;
}

function milliseconds(value: number | null): string {
  return value === null ? "-" : `${Number(value.toPrecision(3))} ms`;
}
