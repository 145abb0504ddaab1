import type { StoredCut } from "../core/ports.ts";
import type { Accusation, Clock, Decision } from "./ports.ts";

/** Something that only a person can mend, or that a person has to know of. */
export interface Call {
  readonly model: string;
  readonly version: number;
  /** Stable, kebab-case. */
  readonly code: string;
  readonly reason: string;
  /** RFC 3339, UTC. */
  readonly since: string;
}

export interface PeopleDeps {
  readonly environment: string;
  /** Decides on the accusation as things are now. */
  readonly decide: (accusation: Accusation) => Decision;
  readonly cuts: () => readonly StoredCut[];
  /** False: nobody puts cuts into git. */
  readonly commits: boolean;
  readonly clock: Clock;
}

export interface People {
  /** What an accusation came to. */
  heard(accusation: Accusation, decision: Decision): void;
  /** What people are called for now, oldest first. */
  calls(): readonly Call[];
}

/** A commit that fails for less time may yet be put down to a moment's weather. */
const patienceMs = 120_000;

/**
 * Keeps what a person is needed for until that no longer holds. An accusation that nothing could be done about is kept in memory:
 * the guard names its canary again within a minute, and an alert that still fires comes again. The rest is read from the cuts.
 */
export function createPeople({ environment, decide, cuts, commits, clock }: PeopleDeps): People {
  const told = new Map<string, { readonly accusation: Accusation; readonly call: Call }>();
  const now = (): string => new Date(clock.now()).toISOString();

  /** Resolved, rolled back, rejected, or out of traffic for another reason: `decide` finds nothing to do about it any more. */
  function forgetSettled(): void {
    for (const [key, { accusation }] of told) if (decide(accusation).kind === "ignore") told.delete(key);
  }

  return {
    heard(accusation, decision) {
      const { model, version, status } = accusation;
      const key = `${model}/${version}`;
      const isOurs = accusation.environment === null || accusation.environment === environment;
      if (status === "resolved" && isOurs) told.delete(key);
      if (decision.kind !== "tell") return;
      const since = told.get(key)?.call.since ?? now();
      const { code, reason } = decision;
      told.set(key, { accusation, call: { model, version, code, reason, since } });
    },
    calls() {
      forgetSettled();
      const ofCuts = cuts().flatMap((entry) => callOf(entry, commits, clock.now()) ?? []);
      return [...Array.from(told.values(), ({ call }) => call), ...ofCuts].toSorted((a, b) =>
        a.since < b.since ? -1 : 1,
      );
    },
  };
}

/** A cut that does not get into git by itself. */
function callOf({ cut, state, lastError }: StoredCut, commits: boolean, now: number): Call | null {
  const { model, version, environment, at: since } = cut;
  const call = (code: string, why: string): Call => {
    const reason = `version ${version} of ${model} gets no traffic in ${environment}, and git does not say so: ${why}`;
    return { model, version, code, reason, since };
  };
  if (state.kind === "refused") {
    const { number, url } = state.pullRequest;
    return call("rollback-refused", `its pull request #${number} was closed (${url})`);
  }
  if (!commits) return call("rollback-not-committed", "this gateway commits nothing; roll back by hand");
  const isFailing = state.kind === "open" && lastError !== null && now - Date.parse(since) >= patienceMs;
  return isFailing ? call("rollback-failing", `the commit fails: ${lastError}`) : null;
}
