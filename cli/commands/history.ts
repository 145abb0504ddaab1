import type { HistoryOutput, HistoryPeriod } from "../../schemas/output/history.ts";
import { parseManifest } from "../../schemas/document.ts";
import { validateModelVersion } from "../../schemas/kinds.ts";
import { paths } from "../../schemas/tree.ts";
import type { Command } from "../command.ts";
import type { Context } from "../context.ts";
import { reading, shared, type Input } from "../flags.ts";
import type { HistorySource } from "../gitops/core/history-port.ts";
import { periodsAt, stretchesOf, type CommitFacts, type Period, type Stretch } from "../gitops/core/history.ts";
import { readHistory } from "../gitops/read-history.ts";
import type { Style } from "../style.ts";
import { renderTable } from "../table.ts";
import { timeTeller, toTheSecond } from "../ago.ts";
import { momentOf, type Moment } from "../times.ts";
import { noteBehind } from "./behind-note.ts";
import { historyFrom, namesOf } from "./history-source.ts";
import { requireNames } from "./known-names.ts";
import { modelOf, validName } from "./target.ts";

export const history: Command = {
  summary: "Show which version served when, with how much traffic, and why it ended",
  usage: "NAME [--env ENV] [--at TIME] [--repo OWNER/NAME [--base BRANCH]]",
  details:
    "Read from git alone: of the clone the base branch, with --repo the branch on GitHub. What a pull request brought\n" +
    "counts from its merge; what the guard or an alert took out, until it was cut. In the table a stable version whose\n" +
    "share a canary changed is one row, with the least and the most of it; --json has each share apart.\n" +
    "--at tells what was serving then: ISO 8601 with an offset, a date (its first moment in UTC), or now.",
  flags: {
    name: shared.name,
    env: { ...shared.env, help: "only this environment" },
    at: { type: "string", value: "TIME", help: "what was serving then: 2026-01-31T12:00Z" },
    ...reading,
    base: { ...shared.base, help: "the branch; default: the one in mmsp.yaml, else main" },
  },
  maxArgs: 1,
  examples: [
    "mmsp history fraud",
    "mmsp history fraud --env prod --at 2026-01-31T12:00Z",
    "mmsp history fraud --repo acme/models --json",
  ],

  async run(input, context) {
    const model = modelOf(input);
    const named = input.text("env");
    const environment = named === undefined ? null : validName("environment", named);
    const moment = momentFlag(input, context);
    const source = await historyFrom(input, context);
    const { log, periods: all, broken } = await readHistory(source, { model, environment });
    if (log.changes.length === 0) requireNames(await namesOf(input, context), { model, environment });
    // What was fetched is read itself, where another branch is checked out.
    if (input.text("repo") === undefined && !log.source.startsWith("origin/")) await noteBehind(context);
    const periods = newestFirst(moment === null ? all : periodsAt(all, moment.at));
    const digests = await digestsOf(model, periods, source);
    const at = moment === null ? null : toTheSecond(new Date(moment.at).toISOString());
    const notices = [...log.notices, ...(moment?.note == null ? [] : [moment.note])];
    const json: HistoryOutput = {
      model,
      source: log.source,
      head: log.head,
      at,
      periods: periods.map((period) => {
        return { ...periodJson(period), version: period.version, sha256: digests.get(period) ?? null };
      }),
      broken: broken.map(({ environment, commit, message }) => {
        return { environment, commit: commit.oid, at: commit.at, message };
      }),
      notices,
    };
    const { style } = context;
    const body =
      at === null ? historyTable(model, newestFirst(stretchesOf(all)), context) : momentTable(json, at, context);
    const foot = context.isTerminal ? [style.dim(`${log.source} at ${log.head.slice(0, 7)}`)] : [];
    const brokenNotes = json.broken.map(
      ({ environment, commit, message }) =>
        `${environment}: ${commit.slice(0, 7)} left a document that cannot be read (${message}); what served before went on`,
    );
    const notes = [...notices, ...brokenNotes].map((text) => `${style.yellow("note:")} ${text}`);
    const text = [...foot, ...notes].map((line) => `${line}\n`).join("");
    return { kind: "report", text: body + text, json, ok: true };
  },
};

function momentFlag(input: Input, { now }: Context): Moment | null {
  const at = input.text("at");
  return at === undefined ? null : momentOf("at", at, now());
}

/** By environment, and in each what began last stands first; of the same time stable before its canary. */
export function newestFirst<P extends Period>(
  periods: readonly P[],
  byEnvironment: (a: string, b: string) => number = (a, b) => a.localeCompare(b),
): readonly P[] {
  const end = ({ until }: Period): number => (until === null ? Number.MAX_SAFE_INTEGER : Date.parse(until));
  return periods.toSorted(
    (a, b) =>
      byEnvironment(a.environment, b.environment) ||
      Date.parse(b.from) - Date.parse(a.from) ||
      end(b) - end(a) ||
      b.phase.localeCompare(a.phase),
  );
}

/** Digests as the registry had them when the period began. */
async function digestsOf(
  model: string,
  periods: readonly Period[],
  source: HistorySource,
): Promise<ReadonlyMap<Period, string>> {
  const byPlace = new Map(
    periods.map(({ version, commit }) => [
      `${version} ${commit.oid}`,
      { commit: commit.oid, path: paths.version(model, version) },
    ]),
  );
  const places = [...byPlace.keys()];
  const texts = await source.textsAt([...byPlace.values()]);
  const digests = new Map<Period, string>();
  for (const period of periods) {
    const text = texts[places.indexOf(`${period.version} ${period.commit.oid}`)] ?? null;
    const digest = text === null ? null : parseManifest("", text, validateModelVersion).value?.spec.artifact.sha256;
    if (digest) digests.set(period, digest);
  }
  return digests;
}

/** A period without what the caller knows of its version. */
export function periodJson(period: Period): Omit<HistoryPeriod, "version" | "sha256"> {
  const { environment, phase, weight, from, until, commit, endedBy, end } = period;
  const ending = end === null ? null : { ...factsOf(end.commit), rejection: end.rejection };
  return { environment, phase, weight, from, until, ...factsOf(commit), endedBy, end: ending };
}

function factsOf({ oid, author, committer, pullRequest }: CommitFacts) {
  return { commit: oid, pullRequest, by: author, committer };
}

function historyTable(model: string, stretches: readonly Stretch[], context: Context): string {
  if (stretches.length === 0) return `${model} was never served\n`;
  return renderTable(stretchColumns, stretchRows(stretches, context), context.style);
}

export const stretchColumns = ["ENV", "VERSION", "PHASE", "WEIGHT", "FROM", "UNTIL", "BY", "CHANGE", "ENDED"] as const;

/** A row a stretch, for `stretchColumns`. */
export function stretchRows(stretches: readonly Stretch[], context: Context): readonly (readonly string[])[] {
  const when = timeTeller(context.isTerminal, context.now());
  return stretches.map((stretch) => [
    stretch.environment,
    String(stretch.version),
    stretch.phase,
    weightOf(stretch),
    when(stretch.from),
    stretch.until === null ? "-" : when(stretch.until),
    stretch.commit.author,
    changeOf(stretch.commit),
    endingOf(stretch, context.style),
  ]);
}

function weightOf({ leastWeight, mostWeight }: Stretch): string {
  return leastWeight === mostWeight ? `${mostWeight} %` : `${leastWeight}-${mostWeight} %`;
}

/** The pull request where there is one, and the commit. */
function changeOf({ oid, pullRequest }: CommitFacts): string {
  return pullRequest === null ? oid.slice(0, 7) : `${oid.slice(0, 7)} #${pullRequest}`;
}

function endingOf({ endedBy, end }: Period, style: Style): string {
  if (end === null) return style.green("serving");
  const change = changeOf(end.commit);
  if (endedBy !== "rolled-back") return `${endedBy} ${style.dim(change)}`;
  const why = end.rejection === null ? "" : ` by ${end.rejection.by}: ${end.rejection.reason}`;
  return `${style.red("rolled back")} ${style.dim(change)}${why}`;
}

function momentTable({ model, periods }: HistoryOutput, at: string, { style }: Context): string {
  if (periods.length === 0) return `${model} was not served at ${at}\n`;
  const rows = periods
    .toSorted((a, b) => a.environment.localeCompare(b.environment) || b.phase.localeCompare(a.phase))
    .map((period) => [
      period.environment,
      period.phase,
      String(period.version),
      `${period.weight} %`,
      toTheSecond(period.from),
      period.by,
      changeOf({ ...period, oid: period.commit, author: period.by, at: period.from }),
      period.sha256 === null ? "-" : `sha256:${period.sha256}`,
    ]);
  const columns = ["ENV", "PHASE", "VERSION", "WEIGHT", "SINCE", "BY", "CHANGE", "DIGEST"];
  return `${style.bold(model)} at ${at}\n${renderTable(columns, rows, style)}`;
}
