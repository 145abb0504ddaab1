import type { Cut } from "../schemas/cut.ts";
import { phases, type ModelDeployment, type Phase } from "../schemas/model-deployment.ts";
import type { AlertResult, Gateway } from "./app.ts";
import type { Runtime, Source } from "./core/ports.ts";
import type { Recorder } from "./core/record.ts";
import type { Route, RoutingTable } from "./core/route.ts";
import type { Metrics } from "./edges/metrics.ts";
import { createFaultLog } from "./fault-log.ts";
import { createFleet, type Fleet } from "./fleet/fleet.ts";
import { createPredictor } from "./predict.ts";
import { readAlerts, type ReadAlert } from "./react/alerts.ts";
import { createGuardWatch, type GuardWatch, type WatchedCanary } from "./react/guard-watch.ts";
import { createCutLedger } from "./react/ledger.ts";
import type { Accusation, Clock, Committer, CutLedger, CutStore, Decision, Log, StoredCut } from "./react/ports.ts";
import { createReactor, type Reactor, type Verdict } from "./react/reactor.ts";
import { createReconciler, type Reconciler } from "./react/reconciler.ts";
import { defaultMaxBodyBytes } from "./routes/body.ts";
import { describeStatus } from "./status.ts";

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

export interface GatewayDeps {
  readonly environment: string;
  readonly source: Source;
  readonly runtime: Runtime;
  readonly store: CutStore;
  readonly metrics: Metrics;
  readonly alertsToken: string | null;
  readonly decide: (accusation: Accusation, view: ServingView) => Decision;
  /** null: another process commits (role `serve`). */
  readonly commit: Committer | null;
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

/** How long a webhook waits for the commits that it caused, in milliseconds. */
const commitWaitMs = 2000;
const dayMs = 86_400_000;

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
  /** The cuts that the table obeys. */
  readonly obeyed: () => readonly Cut[];
}

/** Puts the parts together. The fleet serves, the guard and the webhook accuse, the reactor cuts, the reconciler commits. */
export function createGateway(deps: GatewayDeps): RunningGateway {
  const parts = assemble(deps);
  const { fleet, reactor, reconciler, guard, ledger } = parts;
  const predict = createPredictor({
    table: () => fleet.table(),
    recorder: recorderOf(parts),
    random: deps.random,
    now: () => performance.now(),
    onFault: createFaultLog(deps.log, deps.clock),
  });
  const gateway: Gateway = {
    table: () => fleet.table(),
    isReady: () => isReady(fleet.table()),
    predict,
    alerts: (alerts) => Promise.all(alerts.map((alert) => judgeAlert(parts, alert))),
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
      rehearse(parts);
      reconciler?.wake();
    },
    openCuts: () => reactor.openCuts(),
    syncCuts: () => {
      const cuts = ledger.list().map(({ cut }) => cut);
      if (sameCuts(cuts, parts.obeyed())) return;
      // A new table wakes the reconciler.
      fleet.applyCuts();
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
  const openCuts = (): readonly Cut[] => ledger.list().map(({ cut }) => cut);
  const attempts = new Map<string, number>();
  const startedAt = clock.now();
  let obeyed: readonly Cut[] = [];
  const guard = createGuardWatch({ accuse: (accusation) => reactor.accuse(accusation), clock, log });
  const fleet = createFleet({
    source,
    runtime,
    environment,
    cuts: () => (obeyed = openCuts()),
    onTable: (table) => {
      rememberServed(ledger, table, new Date(clock.now()).toISOString());
      guard.follow(canariesOf(table));
      deps.metrics.show(table, obeyed);
      reconciler?.wake();
    },
  });
  const reconciler =
    deps.commit === null
      ? null
      : createReconciler({
          ledger,
          commit: deps.commit,
          deployment: (model) => (fleet.table().revision === "" ? undefined : fleet.deployment(model)),
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
    obeyed: () => obeyed,
  };
  return parts;
}

function viewOf(parts: Parts, { model }: Accusation): ServingView {
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
    deployment: fleet.deployment(model),
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

function requestsSinceStart({ serves = true, guard, attempts }: Parts, model: string, version: number): number | null {
  return serves ? (guard.attempts(model, version) ?? attempts.get(`${model}/${version}`) ?? 0) : null;
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

/**
 * Reads an alert and decides on it for every version that is served, without any effect: code is compiled when it first
 * runs, and no real alert should wait for that.
 */
function rehearse(parts: Parts): void {
  const { environment, decide, clock, fleet } = parts;
  const startsAt = new Date(clock.now()).toISOString();
  for (const { model, stable, canary } of fleet.table().models.values()) {
    for (const target of [stable, canary]) {
      if (target === null) continue;
      const labels = {
        alertname: "Rehearsal",
        model,
        version: String(target.version),
        environment,
        action: "rollback",
      };
      for (const alert of readAlerts({ version: "4", alerts: [{ status: "firing", labels, startsAt }] })) {
        if (alert.kind === "accusation") decide(alert.accusation, viewOf({ deps: parts, ...parts }, alert.accusation));
      }
    }
  }
  fleet.applyCuts();
}

async function judgeAlert({ reactor, reconciler }: Parts, alert: ReadAlert): Promise<AlertResult> {
  const { fingerprint } = alert;
  if (alert.kind === "malformed") {
    const reason = alert.problems.map(({ path, message }) => `${path ?? ""} ${message}`.trim()).join("; ");
    return {
      fingerprint,
      model: null,
      version: null,
      decision: "malformed",
      code: "alert-malformed",
      reason,
      commit: null,
    };
  }
  const { model, version } = alert.accusation;
  const verdict = reactor.accuse(alert.accusation);
  const outcome = verdict.cut === null ? null : await reconciler?.committed(verdict.cut, commitWaitMs);
  const commit = outcome?.kind === "committed" ? outcome.oid : null;
  return { fingerprint, model, version, ...told(verdict), commit };
}

function told({ decision, acknowledged }: Verdict): Pick<AlertResult, "decision" | "code" | "reason"> {
  if (!acknowledged) {
    return { decision: "not-stored", code: "store-failed", reason: "the cut is in force, but could not be stored yet" };
  }
  if (decision.kind === "act") return { decision: "cut", code: "cut", reason: decision.cut.reason };
  return { decision: decision.kind === "tell" ? "told" : "ignored", code: decision.code, reason: decision.reason };
}

/** Since when versions serve, so that an alert from before that is not held against them. */
function rememberServed(ledger: CutLedger, table: RoutingTable, now: string): void {
  for (const { model, stable, canary } of table.models.values()) {
    if (stable) ledger.firstServed(model, stable.version, "stable", stable.attempt, now);
    if (canary) ledger.firstServed(model, canary.version, "canary", canary.attempt, now);
  }
}

function canariesOf({ models, environment, policy }: RoutingTable): WatchedCanary[] {
  const replicas = policy?.spec.gateway?.replicas ?? 1;
  return [...models.values()].flatMap(({ model, canary, stable, slo }: Route) => {
    if (canary === null || canary.weight === 0) return [];
    const { version, attempt, weight } = canary;
    return [{ environment, model, version, attempt, stable: stable?.version ?? null, weight, replicas, slo }];
  });
}

/** Ready: the source was read, and every model that it serves has a stable version in memory. */
function isReady({ revision, models }: RoutingTable): boolean {
  return (
    revision !== "" && [...models.values()].every(({ stable, loaded }) => stable !== null && loaded.has(stable.version))
  );
}

function sameCuts(a: readonly Cut[], b: readonly Cut[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
