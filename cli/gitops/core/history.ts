import type { Judge, ModelDeployment, Phase, Rejection } from "../../../schemas/model-deployment.ts";
import type { Share } from "./change.ts";
import { sharesOf } from "./standing.ts";

/** A commit as it arrived on the branch: of a merged pull request the merge, not the commits that it brought. */
export interface CommitFacts {
  readonly oid: string;
  /** When the branch got it: the committer's time, RFC 3339. */
  readonly at: string;
  readonly author: string;
  readonly committer: string;
  /** Number of the pull request that it came with; null where nothing says so. */
  readonly pullRequest: number | null;
}

/** What one deployment.yaml came to in a commit. */
export interface Revision {
  readonly commit: CommitFacts;
  /** null: the commit took the file away, or nobody can read it. */
  readonly document: ModelDeployment | null;
  /** Why the document cannot be read; null where it can, or is gone. */
  readonly broken: string | null;
}

/** Why a version stopped having the share that it had. */
export type Ending = "replaced" | "promoted" | "reweighted" | "rolled-back" | "removed" | "serving";

/** One version in one phase with one weight, from a commit until another. Half open: `until` belongs to what follows. */
export interface Period {
  readonly environment: string;
  readonly version: number;
  readonly phase: Phase;
  /** Percent of the model's traffic. */
  readonly weight: number;
  /** RFC 3339 in UTC. */
  readonly from: string;
  /** null: it still serves. */
  readonly until: string | null;
  /** The commit that began it. */
  readonly commit: CommitFacts;
  readonly endedBy: Ending;
  /** null while it serves. */
  readonly end: PeriodEnd | null;
}

export interface PeriodEnd {
  readonly commit: CommitFacts;
  /** Of a rollback: who took it out, and why. */
  readonly rejection: { readonly by: Judge; readonly reason: string } | null;
}

export interface History {
  /** Oldest first; of the same moment stable first. */
  readonly periods: readonly Period[];
  /** Commits whose document could not be read: what was served before went on. */
  readonly broken: readonly { readonly environment: string; readonly commit: CommitFacts; readonly message: string }[];
}

/** What was in force from a moment on. */
interface State {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly commit: CommitFacts;
  readonly document: ModelDeployment | null;
}

/**
 * Who served when in one environment, from the revisions of its document (oldest first). The effective document counts, so a
 * rejected version that a stale merge names as stable has not served. A broken document is told, and the last good one goes on.
 * What the guard or an alert took out ended when it was cut, which the rejection tells, and not when the commit came.
 */
export function historyOf(environment: string, revisions: readonly Revision[]): History {
  const states: State[] = [];
  const broken: History["broken"][number][] = [];
  for (const revision of revisions) {
    const { commit, document } = revision;
    if (revision.broken !== null) {
      broken.push({ environment, commit, message: revision.broken });
      continue;
    }
    const last = states.at(-1) ?? null;
    // The order of commits is what counts: a clock that was wrong must not turn time around.
    const at = Math.max(last?.at ?? Number.NEGATIVE_INFINITY, Date.parse(commit.at));
    if (last !== null) states.push(...cutStates(last, commit, document, at));
    states.push({ at, commit, document });
  }
  return { periods: periodsOf(environment, states), broken };
}

/** The state before a rollback's commit, with what the commit says was cut taken out one by one, each when it was cut. */
function cutStates(before: State, commit: CommitFacts, after: ModelDeployment | null, until: number): readonly State[] {
  let document = before.document;
  const states: State[] = [];
  if (document === null || after === null) return [];
  for (const rejection of freshCuts(document, after)) {
    const at = Date.parse(rejection.at);
    if (at <= before.at || at >= until) continue;
    document = { ...document, spec: { ...document.spec, rejected: [...(document.spec.rejected ?? []), rejection] } };
    states.push({ at, commit, document });
  }
  return states;
}

/** Automatic rejections of what was served that only `after` knows, in the order of their times. A person's count from the commit. */
function freshCuts(before: ModelDeployment, after: ModelDeployment): readonly Rejection[] {
  const served = new Set(sharesOf(before).map(({ version }) => version));
  return rejectionsSince(before, after)
    .filter(({ version, by }) => by !== "person" && served.has(version))
    .toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

function rejectionsSince(before: ModelDeployment | null, after: ModelDeployment | null): readonly Rejection[] {
  const known = before?.spec.rejected ?? [];
  return (after?.spec.rejected ?? []).filter(
    ({ version, attempt, at }) =>
      !known.some((entry) => entry.version === version && entry.attempt === attempt && entry.at === at),
  );
}

function periodsOf(environment: string, states: readonly State[]): readonly Period[] {
  const periods: Period[] = [];
  const open = new Map<Phase, { readonly share: Share; readonly since: State; readonly before: State }>();
  const close = (phase: Phase, next: State | null): void => {
    const found = open.get(phase);
    open.delete(phase);
    if (found !== undefined) periods.push(periodOf(environment, found.share, found.since, found.before, next));
  };
  for (const state of states) {
    const shares = sharesOf(state.document);
    for (const phase of ["stable", "canary"] as const) {
      const share = shares.find((candidate) => candidate.phase === phase);
      const current = open.get(phase);
      if (
        current !== undefined &&
        share?.version === current.share.version &&
        share.percent === current.share.percent
      ) {
        open.set(phase, { ...current, before: state });
        continue;
      }
      close(phase, state);
      if (share !== undefined) open.set(phase, { share, since: state, before: state });
    }
  }
  for (const phase of ["stable", "canary"] as const) close(phase, null);
  return periods.toSorted((a, b) => Date.parse(a.from) - Date.parse(b.from) || b.phase.localeCompare(a.phase));
}

/** `before`: the last state in which the version had this share. */
function periodOf(environment: string, share: Share, since: State, before: State, next: State | null): Period {
  const { version, phase, percent: weight } = share;
  const begun = { environment, version, phase, weight, from: timeOf(since.at), commit: since.commit };
  if (next === null) return { ...begun, until: null, endedBy: "serving", end: null };
  const endedBy = endingOf(share, before, next);
  const rejection = endedBy === "rolled-back" ? rejectionOf(version, before, next) : null;
  return { ...begun, until: timeOf(next.at), endedBy, end: { commit: next.commit, rejection } };
}

function endingOf({ version, phase }: Share, before: State, next: State): Ending {
  if (next.document === null) return "removed";
  const shares = sharesOf(next.document);
  if (shares.some((share) => share.version === version && share.phase === phase)) return "reweighted";
  if (phase === "canary" && shares.some((share) => share.version === version)) return "promoted";
  if (rejectionOf(version, before, next) !== null) return "rolled-back";
  return shares.some((share) => share.phase === phase) ? "replaced" : "removed";
}

/** Why the version was taken out; null where `next` does not reject it. */
function rejectionOf(version: number, before: State, next: State): PeriodEnd["rejection"] {
  const own = (entry: Rejection): boolean => entry.version === version;
  const rejected = next.document?.spec.rejected ?? [];
  const found = rejectionsSince(before.document, next.document).findLast(own) ?? rejected.findLast(own);
  return found === undefined ? null : { by: found.by, reason: found.reason };
}

/** UTC, to the second where the time has no more. */
function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(".000Z", "Z");
}

/** The periods that hold a moment: what served then. Milliseconds since 1970. */
export function periodsAt(periods: readonly Period[], moment: number): readonly Period[] {
  return periods.filter(
    ({ from, until }) => Date.parse(from) <= moment && (until === null || moment < Date.parse(until)),
  );
}

/** The last moment at which a version had traffic to get, in milliseconds; `now` where it still does, null where it never had. */
export function lastServed(periods: readonly Period[], version: number, now: number): number | null {
  const times = periods
    .filter((period) => period.version === version)
    .map(({ until }) => (until === null ? now : Date.parse(until)));
  return times.length === 0 ? null : Math.max(...times);
}

/** A period of the stable version as people see it: through changes of its weight, with the least and the most of it. */
export interface Stretch extends Period {
  readonly leastWeight: number;
  readonly mostWeight: number;
}

/**
 * Periods as a table shows them: a stable version whose weight a canary changed is one stretch. Of a canary each weight
 * is somebody's decision, and stays apart.
 */
export function stretchesOf(periods: readonly Period[]): readonly Stretch[] {
  const stretches: Stretch[] = [];
  for (const period of periods) {
    const { environment, version, phase, weight } = period;
    const at = stretches.findLastIndex((stretch) => stretch.environment === environment && stretch.phase === phase);
    const last = stretches[at];
    const goesOn = phase === "stable" && last?.version === version && last.endedBy === "reweighted";
    if (!goesOn) {
      stretches.push({ ...period, leastWeight: weight, mostWeight: weight });
      continue;
    }
    const { until, endedBy, end } = period;
    const leastWeight = Math.min(last.leastWeight, weight);
    const mostWeight = Math.max(last.mostWeight, weight);
    stretches[at] = { ...last, until, endedBy, end, leastWeight, mostWeight };
  }
  return stretches;
}

const merged = /^Merge pull request #(\d+) /;
const squashed = /\(#(\d+)\)$/;

/** The pull request that a commit's subject names, as GitHub writes it for merges and squashes. */
export function pullRequestIn(subject: string): number | null {
  const number = merged.exec(subject)?.[1] ?? squashed.exec(subject.trimEnd())?.[1];
  return number === undefined ? null : Number(number);
}
