import type { Attempt } from "./record.ts";
import { createVersionMap, type IsLive } from "./version-map.ts";

/** How many, and how long all of them took together. */
export interface Tally {
  readonly count: number;
  readonly ns: number;
}

/** What is known of the attempts at one version since the start. */
export interface VersionStatistics {
  readonly success: Tally;
  readonly fail: Tally;
  /** Milliseconds since the epoch. */
  readonly lastAt: number;
}

/** Counts for the statistics extension of the inference protocol. */
export interface Statistics {
  attempt(attempt: Attempt): void;
  /** null: never tried. */
  of(model: string, version: number): VersionStatistics | null;
}

type Counted = { successes: number; successNs: number; failures: number; failureNs: number; lastAt: number };

/** `now`: milliseconds since the epoch. What a caller was refused says nothing about the version, and is not counted. */
export function createStatistics(now: () => number, isLive: IsLive): Statistics {
  const nothing = { successes: 0, successNs: 0, failures: 0, failureNs: 0, lastAt: 0 };
  const counted = createVersionMap<Counted>(isLive, () => ({ ...nothing }));

  return {
    attempt({ model, version, outcome, seconds }) {
      if (outcome === "refused") return;
      const entry = counted.of(model, version);
      const ns = Math.round(seconds * 1e9);
      entry.lastAt = now();
      if (outcome === "ok") {
        entry.successes += 1;
        entry.successNs += ns;
      } else {
        entry.failures += 1;
        entry.failureNs += ns;
      }
    },
    of(model, version) {
      const entry = counted.find(model, version);
      if (entry === undefined) return null;
      const { successes, successNs, failures, failureNs, lastAt } = entry;
      return { success: { count: successes, ns: successNs }, fail: { count: failures, ns: failureNs }, lastAt };
    },
  };
}
