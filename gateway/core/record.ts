import type { Phase } from "../../schemas/model-deployment.ts";

/** What an attempt at a version was made for; `explicit`: the caller named the version. */
export type AttemptPhase = Phase | "explicit";

/**
 * How an attempt ended.
 * `fault`: by the version's own fault (error, time-out, malformed answer);
 * `late`: not in the time that the caller gave, though the version's objective asks for an answer in less: counted as slow;
 * `shared`: stable failed the same input too, so it says nothing against the canary;
 * `refused`: the input, too much load, or a caller who did not wait, which nobody holds against the version.
 */
export type AttemptOutcome = "ok" | "fault" | "late" | "shared" | "refused";

export interface Attempt {
  readonly model: string;
  readonly version: number;
  /** Number of the rollout that brought the version; null where an earlier version has taken over. */
  readonly rollout: number | null;
  readonly phase: AttemptPhase;
  readonly outcome: AttemptOutcome;
  /** Stable answering for a canary that failed: not its own share of the traffic, so nothing is compared by it. */
  readonly fallback: boolean;
  readonly seconds: number;
}

/** Why stable answered for a canary; `shared`: it failed as well. */
export type FallbackReason = "error" | "timeout" | "malformed" | "signature" | "overload" | "unavailable" | "shared";

/** Where everything that is counted about requests goes. Must be cheap and never throw. */
export interface Recorder {
  attempt(attempt: Attempt): void;
  fallback(model: string, version: number, reason: FallbackReason): void;
  /** What the client got. `model` is "" where it named none that is known: labels must not grow with what people send. */
  reply(model: string, code: number): void;
}
