/** How requests to one replica of a model server ended lately. Immutable: each event gives the next. */
export interface Replica {
  /** Requests that failed one after the other by the replica's fault. */
  readonly failures: number;
  /** Ejections one after the other. */
  readonly ejections: number;
  /** Milliseconds of the caller's clock; until then it gets no requests where another can take them. */
  readonly ejectedUntil: number;
}

export const newReplica: Replica = { failures: 0, ejections: 0, ejectedUntil: 0 };

/** So many failures one after the other are no accident. */
const failuresAtOnce = 5;
const firstEjectionMs = 1000;
const longestEjectionMs = 60_000;

/** A request failed by the replica's fault. Enough of them eject it, twice as long each time; after that one is enough. */
export function afterFailure(replica: Replica, now: number): Replica {
  const failures = replica.failures + 1;
  const isBack = replica.ejections > 0;
  if (now < replica.ejectedUntil || (failures < failuresAtOnce && !isBack)) return { ...replica, failures };
  const ejectionMs = Math.min(firstEjectionMs * 2 ** replica.ejections, longestEjectionMs);
  return { ...replica, failures: 0, ejections: replica.ejections + 1, ejectedUntil: now + ejectionMs };
}

/** A request was answered. While it is ejected, that says nothing: it was sent before, or for want of another. */
export function afterAnswer(replica: Replica, now: number): Replica {
  if (replica.failures === 0 && replica.ejections === 0) return replica;
  return now < replica.ejectedUntil ? replica : { ...replica, failures: 0, ejections: 0 };
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
