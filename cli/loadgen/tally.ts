import type { Histogram } from "./histogram.ts";
import { createHistogram } from "./histogram.ts";
import type { ErrorKind, Reply } from "./reply.ts";
import { isRight } from "./reply.ts";
import type { Cell } from "./row.ts";
import type { ErrorSummary, Summary, VersionSummary } from "./summary.ts";
import { LATE_MS } from "./summary.ts";
import { wilson } from "./wilson.ts";

/** Counts what happens to requests; reads no clock. Each due request is `sent` or `overloaded`; each sent one ends once. */
export interface Tally {
  /** It left `lateMs` after it was due. */
  sent(lateMs: number): void;
  /** It was due, and `lateMs` after that it was not sent for lack of room. */
  overloaded(message: string, lateMs: number): void;
  /** It was answered, well or with an error; times from due and from sending. */
  replied(reply: Reply, label: Cell | null, latencyMs: number, serviceMs: number): void;
  timedOut(message: string, latencyMs: number, serviceMs: number): void;
  /** No answer came, nor will one. */
  broke(message: string): void;
  abandoned(): void;
  summary(state: RunState): Summary;
}

/** What the tally cannot know. `dueMs`: for how long requests have been due; `elapsedMs`: with the wait for answers. */
interface RunState {
  readonly ended: Summary["ended"];
  readonly elapsedMs: number;
  readonly dueMs: number;
  readonly askedPerSecond: number;
}

interface VersionCounts {
  answers: number;
  errors: number;
  failedOver: number;
  standIns: number;
  right: number;
  judged: number;
  readonly phases: Map<string, number>;
  readonly latency: Histogram;
}

interface Counts {
  sent: number;
  ok: number;
  failed: number;
  abandoned: number;
  overloaded: number;
  late: number;
  maxLateMs: number;
  readonly latency: Histogram;
  readonly service: Histogram;
  readonly errors: Map<ErrorKind, { count: number; readonly example: string }>;
  readonly versions: Map<string, VersionCounts>;
}

export function createTally(): Tally {
  const counts: Counts = {
    sent: 0,
    ok: 0,
    failed: 0,
    abandoned: 0,
    overloaded: 0,
    late: 0,
    maxLateMs: 0,
    latency: createHistogram(),
    service: createHistogram(),
    errors: new Map(),
    versions: new Map(),
  };
  const timed = (latencyMs: number, serviceMs: number): void => {
    counts.latency.add(latencyMs);
    counts.service.add(serviceMs);
  };
  return {
    sent(lateMs) {
      counts.sent++;
      addLateness(counts, lateMs);
    },
    overloaded(message, lateMs) {
      counts.overloaded++;
      addLateness(counts, lateMs);
      addError(counts, "client overload", message);
    },
    replied(reply, label, latencyMs, serviceMs) {
      timed(latencyMs, serviceMs);
      if (reply.error === null) counts.ok++;
      else addError(counts, reply.error.kind, reply.error.message);
      addVersion(counts.versions, reply, label, latencyMs);
    },
    timedOut(message, latencyMs, serviceMs) {
      timed(latencyMs, serviceMs);
      addError(counts, "time-out", message);
    },
    broke: (message) => addError(counts, "connect", message),
    abandoned: () => void counts.abandoned++,
    summary: (state) => summarise(counts, state),
  };
}

function addLateness(counts: Counts, lateMs: number): void {
  if (lateMs > LATE_MS) counts.late++;
  counts.maxLateMs = Math.max(counts.maxLateMs, lateMs);
}

function addError(counts: Counts, kind: ErrorKind, message: string): void {
  counts.failed++;
  const known = counts.errors.get(kind);
  if (known === undefined) counts.errors.set(kind, { count: 1, example: message });
  else known.count++;
}

function addVersion(versions: Counts["versions"], reply: Reply, label: Cell | null, latencyMs: number): void {
  if (reply.fallbackFrom !== null) versionOf(versions, reply.fallbackFrom).failedOver++;
  if (reply.version === null) return;
  const version = versionOf(versions, reply.version);
  version.latency.add(latencyMs);
  if (reply.phase !== null) version.phases.set(reply.phase, (version.phases.get(reply.phase) ?? 0) + 1);
  if (reply.fallbackFrom !== null) version.standIns++;
  if (reply.error !== null) {
    version.errors++;
    return;
  }
  version.answers++;
  if (label === null || reply.prediction === null) return;
  version.judged++;
  if (isRight(reply.prediction, label)) version.right++;
}

function versionOf(versions: Counts["versions"], name: string): VersionCounts {
  const known = versions.get(name);
  if (known !== undefined) return known;
  const fresh: VersionCounts = {
    answers: 0,
    errors: 0,
    failedOver: 0,
    standIns: 0,
    right: 0,
    judged: 0,
    phases: new Map(),
    latency: createHistogram(),
  };
  versions.set(name, fresh);
  return fresh;
}

function summarise(counts: Counts, state: RunState): Summary {
  const { sent, ok, failed, abandoned, overloaded } = counts;
  const due = sent + overloaded;
  return {
    ended: state.ended,
    elapsedMs: state.elapsedMs,
    due,
    ok,
    failed,
    inFlight: due - ok - failed - abandoned,
    abandoned,
    rate: {
      askedPerSecond: state.askedPerSecond,
      achievedPerSecond: state.dueMs > 0 ? (1000 * sent) / state.dueMs : 0,
    },
    late: { count: counts.late, maxMs: counts.maxLateMs },
    latency: counts.latency.summary(),
    service: counts.service.summary(),
    errors: summariseErrors(counts.errors),
    versions: summariseVersions(counts.versions),
  };
}

function summariseErrors(errors: Counts["errors"]): ErrorSummary[] {
  return [...errors].map(([kind, { count, example }]) => ({ kind, count, example })).sort((a, b) => b.count - a.count);
}

function summariseVersions(versions: Counts["versions"]): VersionSummary[] {
  const attemptsAt = (one: VersionCounts): number => one.answers + one.errors - one.standIns + one.failedOver;
  const all = [...versions.values()];
  const answers = all.reduce((sum, one) => sum + one.answers, 0);
  const attempts = all.reduce((sum, one) => sum + attemptsAt(one), 0);
  return [...versions]
    .map(([version, one]) => ({
      version,
      answers: one.answers,
      share: wilson(one.answers, answers),
      attempts: attemptsAt(one),
      attemptShare: wilson(attemptsAt(one), attempts),
      failedOver: one.failedOver,
      standIns: one.standIns,
      errors: one.errors,
      phases: Object.fromEntries(one.phases),
      latency: one.latency.summary(),
      accuracy: wilson(one.right, one.judged),
    }))
    .sort((a, b) => a.version.localeCompare(b.version, "en", { numeric: true }));
}
