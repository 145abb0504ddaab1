import type { Summary } from "../loadgen/summary.ts";
import type { Rollback } from "./chapters/bad-canary.ts";
import type { Split } from "./chapters/good-canary.ts";
import type { StalePromotion } from "./chapters/stale-promotion.ts";
import type { LogEntry } from "./main-branch.ts";
import type { Accuracy } from "./tally.ts";
import type { Moment } from "./timeline.ts";

/** Everything that the demo found; null and empty for what it did not come to. Plain JSON. */
export interface DemoReport {
  readonly status: "ok" | "failed" | "interrupted";
  /** What did not really happen. */
  readonly failure: string | null;
  readonly durationMs: number;
  readonly timeline: readonly Moment[];
  readonly rollback: RollbackReport | null;
  readonly splits: readonly Split[];
  readonly accuracy: readonly Accuracy[];
  readonly stalePromotion: StalePromotion | null;
  readonly clients: ClientReport | null;
  /** `git log` of environments/dev on main, oldest first. */
  readonly log: readonly LogEntry[];
}

export interface RollbackReport extends Omit<Rollback, "firstBadAt" | "cutAt" | "committedAt"> {
  readonly firstBadToCutMs: number;
  readonly cutToCommitMs: number;
  readonly firstBadToCommitMs: number;
}

/** What the load generator counted over the whole demo. */
export interface ClientReport {
  readonly requests: number;
  readonly ok: number;
  readonly failed: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

export function rollbackReport({ firstBadAt, cutAt, committedAt, ...rest }: Rollback): RollbackReport {
  return {
    ...rest,
    firstBadToCutMs: cutAt - firstBadAt,
    cutToCommitMs: committedAt - cutAt,
    firstBadToCommitMs: committedAt - firstBadAt,
  };
}

export function clientReport({ due, ok, failed, latency }: Summary): ClientReport {
  return { requests: due, ok, failed, p50Ms: latency.p50Ms, p99Ms: latency.p99Ms };
}
