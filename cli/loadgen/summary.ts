import type { LatencySummary } from "./histogram.ts";
import type { ErrorKind } from "./reply.ts";
import type { Share } from "./wilson.ts";

/** Counts and latencies of a run, at its end or at any moment of it. Plain JSON; times in milliseconds. */
export interface Summary {
  /** Why the run ended; null while it runs. */
  readonly ended: "duration" | "stopped" | "aborted" | null;
  /** From the first request's due time until now, or until the last answer. */
  readonly elapsedMs: number;
  /** Requests that were due: ok + failed + inFlight + abandoned. */
  readonly due: number;
  readonly ok: number;
  /** All errors, "client overload" included. */
  readonly failed: number;
  readonly inFlight: number;
  /** Given up unanswered because the run was aborted: neither ok nor failed. */
  readonly abandoned: number;
  readonly rate: {
    readonly askedPerSecond: number;
    /** Requests really sent, over the time in which they were due. */
    readonly achievedPerSecond: number;
  };
  /**
   * Requests whose turn came more than `LATE_MS` after they were due (sent then, or without room then): this machine was
   * too slow, not the gateway.
   */
  readonly late: { readonly count: number; readonly maxMs: number };
  /** How long clients waited, from the time due; every answer, whatever its status, and every time-out. */
  readonly latency: LatencySummary;
  /** The same from the moment of sending. */
  readonly service: LatencySummary;
  /** Most frequent first. */
  readonly errors: readonly ErrorSummary[];
  /** In numerical order of the versions. */
  readonly versions: readonly VersionSummary[];
}

export interface ErrorSummary {
  readonly kind: ErrorKind;
  readonly count: number;
  /** The message of the first one. */
  readonly example: string;
}

export interface VersionSummary {
  readonly version: string;
  /** Good answers, and which part of all good answers they are: the split as clients saw it. */
  readonly answers: number;
  readonly share: Share | null;
  /** Requests that the gateway sent to this version first: the split as the gateway chose it. */
  readonly attempts: number;
  readonly attemptShare: Share | null;
  /** Attempts at this version that another one answered. */
  readonly failedOver: number;
  /** Answers that it gave after another version had failed. */
  readonly standIns: number;
  /** Replies that name this version and are errors. */
  readonly errors: number;
  /** Replies by the phase that the gateway gave; empty where it says none. */
  readonly phases: Readonly<Record<string, number>>;
  /** From the time due; replies that name this version. */
  readonly latency: LatencySummary;
  /** Good answers to labelled rows, and how many were right; null without one. */
  readonly accuracy: Share | null;
}

/** A timer is up to a millisecond late; ten of them are not the timer. */
export const LATE_MS = 10;
