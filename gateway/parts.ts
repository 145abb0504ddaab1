import type { Problem } from "../schemas/problem.ts";
import type { Settings } from "../schemas/settings.ts";
import type { ModelServer, ReadArtifact, Runtime, Source } from "./core/ports.ts";
import type { Recorder } from "./core/record.ts";
import { isKnown, type Route, type RoutingTable } from "./core/route.ts";
import { createStatistics, type Statistics } from "./core/statistics.ts";
import { createVersionMap, type IsLive, type VersionMap } from "./core/version-map.ts";
import type { Metrics } from "./edges/metrics.ts";
import { createFleet, type Fleet } from "./fleet/fleet.ts";
import { createObeyedCuts, type ObeyedCuts } from "./obeyed-cuts.ts";
import { createGuardWatch, type GuardWatch, type WatchedCanary } from "./react/guard-watch.ts";
import { createCutLedger } from "./react/ledger.ts";
import { createPeople, type People } from "./react/people.ts";
import type { CutStore } from "./core/ports.ts";
import type { Accusation, Clock, Committer, CutLedger, Decision, Log } from "./react/ports.ts";
import { createReactor, type Reactor } from "./react/reactor.ts";
import { createReconciler, type Reconciler } from "./react/reconciler.ts";
import { rememberServed, viewOf, type ServingView } from "./serving-view.ts";
import { createServerLog, createTableLog } from "./table-log.ts";

/** What a gateway is made from. */
export interface GatewayDeps {
  readonly environment: string;
  /** What variables say instead of the files. */
  readonly settings?: Settings;
  readonly source: Source;
  readonly runtime: Runtime;
  /** Has the versions of an environment whose backend is one. */
  readonly server?: ModelServer;
  readonly readArtifact: ReadArtifact;
  readonly store: CutStore;
  readonly metrics: Metrics;
  readonly alertsToken: string | null;
  readonly decide: (accusation: Accusation, view: ServingView) => Decision;
  /** null: cuts are not committed; a person rolls back. */
  readonly commit: Committer | null;
  /** Default true. False: another process over the same store commits and ends its cuts (role `serve`). */
  readonly reacts?: boolean;
  /** Default true. Where another process takes the predictions (role `react`), nobody knows here how many there were. */
  readonly serves?: boolean;
  /** Where gRPC is answered, for `/status`: `127.0.0.1:9000`; left out or null: nowhere. */
  readonly grpc?: () => string | null;
  /** What is wrong with how it was started, for `/status`. */
  readonly problems?: readonly Problem[];
  readonly clock: Clock;
  /** Uniform in 0..1. */
  readonly random: () => number;
  readonly log: Log;
}

/** What runs behind the routes. */
export interface Parts extends GatewayDeps {
  readonly ledger: CutLedger;
  readonly fleet: Fleet;
  readonly guard: GuardWatch;
  readonly reactor: Reactor;
  readonly reconciler: Reconciler | null;
  readonly people: People;
  /** Attempts at the versions of each model, for "too little data". */
  readonly attempts: VersionMap<{ count: number }>;
  /** The same for whoever asks by the inference protocol. */
  readonly statistics: Statistics;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly obeyed: ObeyedCuts;
  /** What is counted and remembered of others makes room. */
  readonly isLive: IsLive;
}

/** Makes the parts and ties them to each other; nothing runs yet. */
export function assemble(deps: GatewayDeps): Parts {
  const { environment, source, runtime, clock, log } = deps;
  const ledger = createCutLedger(deps.store, log);
  const obeyed = createObeyedCuts(ledger, (model) => fleet.deployment(model));
  const isLive: IsLive = (model, version) => isKnown(fleet.table(), model, version);
  const attempts = createVersionMap(isLive, () => ({ count: 0 }));
  const statistics = createStatistics(() => clock.now(), isLive);
  const startedAt = clock.now();
  const [logTable, logServers] = [createTableLog(log), createServerLog(log)];
  const guard = createGuardWatch({ accuse: (accusation) => reactor.accuse(accusation), clock, log });
  const fleet = createFleet({
    source,
    runtime,
    ...(deps.server && { server: deps.server }),
    environment,
    readArtifact: deps.readArtifact,
    settings: deps.settings ?? {},
    cuts: () => obeyed.take(),
    onError: (error) => log("error", "a version could not be freed", { error }),
    onTable: (table) => {
      logTable(table);
      logServers(deps.server?.states() ?? []);
      rememberServed(ledger, table, new Date(clock.now()).toISOString());
      guard.follow(canariesOf(table));
      deps.metrics.show(table, obeyed.taken());
      reconciler?.wake();
    },
  });
  const reconciler =
    deps.reacts === false
      ? null
      : createReconciler({
          ledger,
          commit: deps.commit,
          deployment: (model) => fleet.deployment(model),
          ended: () => void fleet.applyCuts(),
          refresh: async () => void (await fleet.refresh()),
          clock,
          random: deps.random,
          log,
        });
  const reactor: Reactor = createReactor<ServingView>({
    ledger,
    decide: deps.decide,
    view: (accusation) => viewOf(parts, accusation),
    applyCuts: () => void fleet.applyCuts(),
    wake: () => reconciler?.wake(),
    heard: (accusation, decision) => people.heard(accusation, decision),
    log,
  });
  const people = peopleOf(deps, ledger, (accusation) => viewOf(parts, accusation));
  const counted = { attempts, statistics, startedAt, isLive };
  const parts: Parts = { ...deps, ...counted, ledger, fleet, guard, reactor, reconciler, people, obeyed };
  return parts;
}

function peopleOf(
  { environment, decide, commit, reacts, clock }: GatewayDeps,
  ledger: CutLedger,
  view: (accusation: Accusation) => ServingView,
): People {
  return createPeople({
    environment,
    decide: (accusation) => decide(accusation, view(accusation)),
    cuts: () => ledger.list(),
    commits: reacts === false || commit !== null,
    clock,
  });
}

type Counting = Pick<Parts, "metrics" | "guard" | "attempts" | "statistics">;

/** Metrics, statistics and guard hear of every attempt; requests that named their version never feed the guard. */
export function recorderOf({ metrics, guard, attempts, statistics }: Counting): Recorder {
  return {
    ...metrics,
    attempt: (attempt) => {
      metrics.attempt(attempt);
      statistics.attempt(attempt);
      const { model, version, phase, outcome, fallback, seconds } = attempt;
      if (phase === "explicit" || fallback || outcome === "refused" || outcome === "shared") return;
      attempts.of(model, version).count++;
      guard.record({ model, version, phase, failed: outcome === "fault", latencyMs: seconds * 1000 });
    },
  };
}

function canariesOf({ models, environment, policy }: RoutingTable): WatchedCanary[] {
  const replicas = policy?.spec.gateway?.replicas ?? 1;
  return [...models.values()].flatMap(({ model, canary, stable, slo }: Route) => {
    if (canary === null || canary.weight === 0) return [];
    const { version, attempt, weight } = canary;
    return [{ environment, model, version, attempt, stable: stable?.version ?? null, weight, replicas, slo }];
  });
}
