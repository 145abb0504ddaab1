import { RELATIVE_ERROR } from "./histogram.ts";
import type { LatencySummary } from "./histogram.ts";
import type { Summary, VersionSummary } from "./summary.ts";
import { LATE_MS } from "./summary.ts";
import type { Share } from "./wilson.ts";

/** What a piece of text is; how that looks is the caller's business. */
type Tone = "heading" | "good" | "bad" | "quiet";
export type Paint = (tone: Tone, text: string) => string;

const plain: Paint = (_tone, text) => text;

/** The end of a run for people: a few lines and a table by version, with a line break at the end. `paint` may colour. */
export function formatSummary(summary: Summary, paint: Paint = plain): string {
  return [
    ...countLines(summary, paint),
    ...latencyLines(summary, paint),
    ...(summary.versions.length > 0 ? ["", ...versionLines(summary.versions, paint)] : []),
    ...(summary.errors.length > 0 ? ["", ...errorLines(summary, paint)] : []),
    "",
  ].join("\n");
}

/** One line for a terminal that is written over while the load runs. */
export function formatLive(summary: Summary, paint: Paint = plain): string {
  const failed = `${summary.failed} failed`;
  const split = summary.versions.map(({ version, share }) => `v${version} ${percent(share)}`).join("  ");
  const parts = [
    seconds(summary.elapsedMs),
    `${rate(summary.rate.achievedPerSecond)}/s`,
    `${summary.ok} ok`,
    paint(summary.failed > 0 ? "bad" : "quiet", failed),
    `p50 ${time(summary.latency.p50Ms)}  p99 ${time(summary.latency.p99Ms)}`,
    split,
  ];
  return parts.filter((part) => part !== "").join("  ");
}

function countLines(summary: Summary, paint: Paint): string[] {
  const { rate: asked, late } = summary;
  const requests = paint(
    "heading",
    `${summary.due} ${summary.due === 1 ? "request" : "requests"} in ${seconds(summary.elapsedMs)}`,
  );
  const counts = [
    paint("good", `${summary.ok} ok`),
    paint(summary.failed > 0 ? "bad" : "good", `${summary.failed} failed`),
    ...(summary.inFlight > 0 ? [`${summary.inFlight} in flight`] : []),
    ...(summary.abandoned > 0 ? [`${summary.abandoned} given up unanswered`] : []),
  ];
  const pace = `rate      ${rate(asked.achievedPerSecond)}/s of ${rate(asked.askedPerSecond)}/s asked for`;
  const behind = `${late.count} ${late.count === 1 ? "request" : "requests"} left over ${LATE_MS} ms after the time due (at most ${time(late.maxMs)}): the load generator could not keep up`;
  return [`${requests}: ${counts.join(", ")}`, pace, ...(late.count > 0 ? [paint("bad", behind)] : [])];
}

function latencyLines({ latency, service }: Summary, paint: Paint): string[] {
  if (latency.count === 0) return [];
  const line = (name: string, one: LatencySummary, from: string): string =>
    `${name.padEnd(10)}${columns(one).join("  ")}  ${paint("quiet", `(${from})`)}`;
  return [
    line("latency", latency, `from the time due, late or not; exact to ${100 * RELATIVE_ERROR} %`),
    line("service", service, "from the moment of sending"),
  ];
}

function columns({ p50Ms, p95Ms, p99Ms, maxMs }: LatencySummary): string[] {
  return [`p50 ${time(p50Ms)}`, `p95 ${time(p95Ms)}`, `p99 ${time(p99Ms)}`, `max ${time(maxMs)}`];
}

function versionLines(versions: readonly VersionSummary[], paint: Paint): string[] {
  // A column that is empty in every row only makes the table wide.
  const attempts = versions.some(({ failedOver }) => failedOver > 0);
  const labelled = versions.some(({ accuracy }) => accuracy !== null);
  const header = ["version", "phase", "answers", "share", "95 % interval", "p50", "p95", "p99", "errors"];
  if (attempts) header.push("attempts", "failed over");
  if (labelled) header.push("accuracy");
  const rows = versions.map((one) => {
    const { latency, share } = one;
    const phases = Object.keys(one.phases).sort().join("+") || "-";
    const cells = [one.version, phases, String(one.answers), percent(share), interval(share)];
    cells.push(time(latency.p50Ms), time(latency.p95Ms), time(latency.p99Ms), String(one.errors));
    if (attempts) cells.push(`${one.attempts} (${percent(one.attemptShare)})`, String(one.failedOver));
    if (labelled) cells.push(one.accuracy === null ? "-" : `${percent(one.accuracy)} (${interval(one.accuracy)})`);
    return cells;
  });
  const widths = header.map((name, at) => Math.max(name.length, ...rows.map((cells) => (cells[at] ?? "").length)));
  const align = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => (at < 2 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join("  ")
      .trimEnd();
  // Colour comes after alignment, or its codes would count as width.
  return [
    paint("heading", align(header)),
    ...rows.map((cells, at) => {
      const one = versions[at];
      return one !== undefined && one.errors + one.failedOver > 0 ? paint("bad", align(cells)) : align(cells);
    }),
  ];
}

function errorLines({ errors }: Summary, paint: Paint): string[] {
  const counts = Math.max(...errors.map(({ count }) => String(count).length));
  const kinds = Math.max(...errors.map(({ kind }) => kind.length));
  return [
    paint("heading", "errors"),
    ...errors.map(({ kind, count, example }) => {
      return `  ${paint("bad", `${String(count).padStart(counts)}  ${kind.padEnd(kinds)}`)}  ${example}`;
    }),
  ];
}

function percent(share: Share | null): string {
  return share === null ? "-" : `${share.percent.toFixed(1)} %`;
}

function interval(share: Share | null): string {
  return share === null ? "-" : `${share.lowPercent.toFixed(1)}-${share.highPercent.toFixed(1)} %`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function rate(perSecond: number): string {
  return perSecond >= 100 ? perSecond.toFixed(0) : String(Number(perSecond.toPrecision(3)));
}

/** Three digits: more would claim more than the buckets hold. */
function time(ms: number | null): string {
  if (ms === null) return "-";
  return ms >= 10_000 ? seconds(ms) : `${Number(ms.toPrecision(3))} ms`;
}
