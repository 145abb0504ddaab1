import type { Gateway } from "./routes/port.ts";
import type { Runtime, Source } from "./core/ports.ts";
import { healthOf } from "./core/health.ts";
import type { Recorder } from "./core/record.ts";
import type { Route, RoutingTable } from "./core/route.ts";
import type { Metrics } from "./edges/metrics.ts";
import { createFaultLog } from "./fault-log.ts";
import { createFleet, type Fleet } from "./fleet/fleet.ts";
import { createObeyedCuts, type ObeyedCuts } from "./obeyed-cuts.ts";
import { createPredictor } from "./predict.ts";
import { createGuardWatch, type GuardWatch, type WatchedCanary } from "./react/guard-watch.ts";
import { createCutLedger } from "./react/ledger.ts";
import type { Accusation, Clock, Committer, CutLedger, CutStore, Decision, Log, StoredCut } from "./react/ports.ts";
import { judgeAlert } from "./react/judge-alert.ts";
import { createReactor, type Reactor } from "./react/reactor.ts";
import { createReconciler, type Reconciler } from "./react/reconciler.ts";
import { defaultMaxBodyBytes } from "./routes/body.ts";
import { rehearse } from "./rehearse.ts";
import { rememberServed, viewOf, type ServingView } from "./serving-view.ts";
import { describeStatus } from "./status.ts";

export interface GatewayDeps {
  readonly environment: string;
  readonly source: Source;
  readonly runtime: Runtime;
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
  readonly clock: Clock;
  /** Uniform in 0..1. */
  readonly random: () => number;
  readonly log: Log;
}

/** A gateway with everything that runs behind its routes. */
export interface RunningGateway {
  readonly gateway: Gateway;
  /** Reads the source and loads what it says; resolves when that was tried once. */
  start(): Promise<void>;
  /** Cuts in force, whether the store has them yet or not. */
  readonly openCuts: () => readonly StoredCut[];
  /** Another process may have cut something: look at the store again. */
  syncCuts(): void;
  stop(): Promise<void>;
}

interface Parts extends GatewayDeps {
  readonly ledger: CutLedger;
  readonly fleet: Fleet;
  readonly guard: GuardWatch;
  readonly reactor: Reactor;
  readonly reconciler: Reconciler | null;
  /** Attempts at each version of a model, for "too little data". */
  readonly attempts: Map<string, number>;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly obeyed: ObeyedCuts;
}

/** Puts the parts together. The fleet serves, the guard and the webhook accuse, the reactor cuts, the reconciler commits. */
export function createGateway(deps: GatewayDeps): RunningGateway {
  const parts = assemble(deps);
  const { fleet, reactor, reconciler, guard } = parts;
  const predict = createPredictor({
    table: () => fleet.table(),
    recorder: recorderOf(parts),
    random: deps.random,
    now: () => performance.now(),
    onFault: createFaultLog(deps.log, deps.clock),
  });
  const gateway: Gateway = {
    table: () => fleet.table(),
    health: () => healthOf(fleet.table(), fleet.progress()),
    predict,
    alerts: (alerts) => Promise.all(alerts.map((alert) => judgeAlert(alert, reactor, reconciler))),
    alertsToken: deps.alertsToken,
    status: () => {
      const uptimeSeconds = Math.round((deps.clock.now() - parts.startedAt) / 1000);
      const { source, alertsToken } = deps;
      const context = { source: source.description, uptimeSeconds, alerts: alertsToken !== null };
      return describeStatus(fleet.table(), reactor.openCuts(), (model) => guard.judgement(model), context);
    },
    scrape: () => deps.metrics.scrape(),
    reload: async () => void (await fleet.refresh()),
    maxBodyBytes: () => fleet.table().policy?.spec.gateway?.maxBodyBytes ?? defaultMaxBodyBytes,
    onReply: (model, code) => deps.metrics.reply(model, code),
    onError: (error) => deps.log("error", "a request failed", { error }),
  };
  return {
    gateway,
    start: async () => {
      await fleet.refresh();
      rehearse(fleet, deps.decide, (accusation) => viewOf(parts, accusation), deps.environment, deps.clock);
      reconciler?.wake();
    },
    openCuts: () => reactor.openCuts(),
    syncCuts: () => {
      // A new table wakes the reconciler.
      if (parts.obeyed.changed()) fleet.applyCuts();
      // The other process has seen git agree: high time to look as well.
      if (parts.obeyed.endedElsewhere().length > 0) void fleet.refresh();
    },
    stop: async () => {
      guard.stop();
      await reconciler?.stop();
      await fleet.close();
      await deps.runtime.close();
      deps.store.close();
    },
  };
}

function assemble(deps: GatewayDeps): Parts {
  const { environment, source, runtime, clock, log } = deps;
  const ledger = createCutLedger(deps.store, log);
  const obeyed = createObeyedCuts(ledger, (model) => fleet.deployment(model));
  const attempts = new Map<string, number>();
  const startedAt = clock.now();
  const guard = createGuardWatch({ accuse: (accusation) => reactor.accuse(accusation), clock, log });
  const fleet = createFleet({
    source,
    runtime,
    environment,
    cuts: () => obeyed.take(),
    onError: (error) => log("error", "a version could not be freed", { error }),
    onTable: (table) => {
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
    log,
  });
  const parts: Parts = {
    ...deps,
    ledger,
    fleet,
    guard,
    reactor,
    reconciler,
    attempts,
    startedAt,
    obeyed,
  };
  return parts;
}

/** Metrics and guard hear of every attempt; requests that named their version never feed the guard. */
export function recorderOf({ metrics, guard, attempts }: Pick<Parts, "metrics" | "guard" | "attempts">): Recorder {
  return {
    ...metrics,
    attempt: (attempt) => {
      metrics.attempt(attempt);
      const { model, version, phase, outcome, fallback, seconds } = attempt;
      if (phase === "explicit" || fallback || outcome === "refused" || outcome === "shared") return;
      const key = `${model}/${version}`;
      attempts.set(key, (attempts.get(key) ?? 0) + 1);
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
