import type { Cut } from "../schemas/cut.ts";
import { phases, type ModelDeployment, type Phase } from "../schemas/model-deployment.ts";
import type { RoutingTable } from "./core/route.ts";
import type { VersionMap } from "./core/version-map.ts";
import type { Fleet } from "./fleet/fleet.ts";
import type { GuardWatch } from "./react/guard-watch.ts";
import type { Accusation, Clock, CutLedger } from "./react/ports.ts";

/** What `decide` is told besides the accusation; the shape that cli/gitops asks for. */
export interface ServingView {
  readonly environment: string;
  readonly deployment: ModelDeployment | null;
  readonly cuts: readonly Cut[];
  readonly firstServed: (version: number, phase: Phase) => string | null;
  readonly requests: (version: number) => number | null;
  readonly minRequests: number;
  readonly stableRollbacks: readonly string[];
  readonly now: string;
}

/** Where the view comes from. */
export interface ViewParts {
  readonly environment: string;
  readonly clock: Clock;
  readonly fleet: Fleet;
  readonly ledger: CutLedger;
  readonly guard: GuardWatch;
  /** Default true; see GatewayDeps. */
  readonly serves?: boolean;
  /** Attempts at the versions of each model since the start. */
  readonly attempts: Pick<VersionMap<{ readonly count: number }>, "find">;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

const dayMs = 86_400_000;

/** What is known of the accused model at this moment. */
export function viewOf(parts: ViewParts, { model }: Accusation): ServingView {
  const { environment, clock, fleet, ledger } = parts;
  const now = new Date(clock.now()).toISOString();
  const route = fleet.table().models.get(model);
  const since = new Date(clock.now() - dayMs).toISOString();
  const firstServed = (version: number, phase: Phase): string | null => {
    const target = phase === "stable" ? route?.stable : route?.canary;
    return target?.version === version ? ledger.firstServed(model, version, phase, target.attempt, now) : null;
  };
  return {
    environment,
    deployment: fleet.deployment(model) ?? null,
    cuts: ledger.list().map(({ cut }) => cut),
    firstServed,
    requests: (version) => {
      const times = phases.map((phase) => firstServed(version, phase)).filter((time) => time !== null);
      return times.every((time) => Date.parse(time) >= parts.startedAt)
        ? requestsSinceStart(parts, model, version)
        : null;
    },
    minRequests: route?.slo.minRequests ?? 1,
    stableRollbacks: ledger.stableRollbacks(model, since),
    now,
  };
}

function requestsSinceStart(
  { serves = true, guard, attempts }: ViewParts,
  model: string,
  version: number,
): number | null {
  return serves ? (guard.attempts(model, version) ?? attempts.find(model, version)?.count ?? 0) : null;
}

/** Since when versions serve, so that an alert from before that is not held against them. */
export function rememberServed(ledger: CutLedger, table: RoutingTable, now: string): void {
  for (const { model, stable, canary } of table.models.values()) {
    if (stable) ledger.firstServed(model, stable.version, "stable", stable.attempt, now);
    if (canary) ledger.firstServed(model, canary.version, "canary", canary.attempt, now);
  }
}
