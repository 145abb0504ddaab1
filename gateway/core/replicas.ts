import { DeadlineExceeded, InferenceError, InputRefused, Unavailable } from "./ports.ts";
import { UpstreamUnreachable } from "./upstream.ts";

/** How requests for one version ended lately at one replica of a model server. Immutable: each event gives the next. */
export interface Replica {
  /** Requests that failed since the last one that was answered. */
  readonly failures: number;
  /** Requests that were answered since the last one that failed, counted as far as it matters. */
  readonly answers: number;
  /** Ejections one after the other. */
  readonly ejections: number;
  /** Milliseconds of the caller's clock; until then it gets no requests where another can take them. */
  readonly ejectedUntil: number;
}

export const newReplica: Replica = { failures: 0, answers: 0, ejections: 0, ejectedUntil: 0 };

/** So many one after the other are no accident. */
const inARow = 5;
const firstEjectionMs = 1000;
const longestEjectionMs = 60_000;

/**
 * What a request that did not succeed tells of the replica that it went to; null: nothing. A failure is no connection, a
 * connection that ends without a reply, a 5xx other than 503, a reply that is none of the protocol's, and no answer in the
 * model's own time. One that was given less by its caller (`isCallersTime`) might have been answered; one for which there was
 * no room, or that lacks the version, is not failing; one that refuses an input has answered.
 */
export function tellsOf(error: unknown, isCallersTime: boolean): "failed" | "answered" | null {
  if (error instanceof InputRefused) return "answered";
  if (error instanceof DeadlineExceeded) return isCallersTime ? null : "failed";
  const isFailure =
    error instanceof InferenceError || (error instanceof Unavailable && error.cause instanceof UpstreamUnreachable);
  return isFailure ? "failed" : null;
}

/**
 * A request failed. A version that is broken, or an input that it cannot bear, fails at every replica alike, and must eject none:
 * so five failures one after the other eject a replica only while another one (`others`: those that have the version) has answered
 * as many one after the other, and while no more than half of them, rounded up, would be ejected. For a second, and twice as long
 * each time that the first request after it fails, up to a minute. Health checks go on meanwhile, and say on their own who is down.
 */
export function afterFailure(replica: Replica, others: readonly Replica[], now: number): Replica {
  const next = { ...replica, failures: replica.failures + 1, answers: 0 };
  const isDue = next.failures >= inARow || replica.ejections > 0;
  if (!isDue || now < replica.ejectedUntil || !mayEject(others, now)) return next;
  const ejectionMs = Math.min(firstEjectionMs * 2 ** replica.ejections, longestEjectionMs);
  return { ...next, failures: 0, ejections: replica.ejections + 1, ejectedUntil: now + ejectionMs };
}

function mayEject(others: readonly Replica[], now: number): boolean {
  const ejected = others.filter(({ ejectedUntil }) => now < ejectedUntil).length;
  const most = Math.ceil((others.length + 1) / 2);
  return ejected < most && others.some(({ answers }) => answers >= inARow);
}

/** A request was answered. While it is ejected, that says nothing: it was sent before, or for want of another. */
export function afterAnswer(replica: Replica, now: number): Replica {
  if (replica.answers === inARow || now < replica.ejectedUntil) return replica;
  return { ...newReplica, answers: replica.answers + 1 };
}

/** From its first ejection until it answers a request again. */
export function isEjected({ ejections }: Replica): boolean {
  return ejections > 0;
}

/** A replica that has what is asked for, and how busy it is. */
export interface Candidate {
  readonly replica: Replica;
  readonly inFlight: number;
}

/**
 * Where the next request goes: of those that are not ejected, else of all (somebody has to), the one with the least requests in
 * flight; of equally busy ones the next after `last`, so that they take turns. Index into `candidates`; -1 where there is none.
 */
export function chooseReplica(candidates: readonly Candidate[], last: number, now: number): number {
  const isFit = ({ replica }: Candidate): boolean => now >= replica.ejectedUntil;
  const somebodyFit = candidates.some(isFit);
  let chosen = -1;
  let least = Infinity;
  for (let step = 1; step <= candidates.length; step++) {
    const at = (last + step) % candidates.length;
    const candidate = candidates[at];
    if (candidate === undefined || (somebodyFit && !isFit(candidate)) || candidate.inFlight >= least) continue;
    chosen = at;
    least = candidate.inFlight;
  }
  return chosen;
}
