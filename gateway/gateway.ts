import type { ReadTree } from "../schemas/read-tree.ts";
import type { Gateway } from "./routes/port.ts";
import { healthOf } from "./core/health.ts";
import { createAlertLog, createFaultLog, createGoneLog } from "./fault-log.ts";
import { assemble, recorderOf, type GatewayDeps, type Parts } from "./parts.ts";
import { createPredictor } from "./predict.ts";
import type { ReadAlert } from "./react/alerts.ts";
import { judgeAlert, type AlertResult } from "./react/judge-alert.ts";
import type { StoredCut } from "./core/ports.ts";
import { defaultMaxBodyBytes } from "./routes/body.ts";
import { rehearse } from "./rehearse.ts";
import { viewOf } from "./serving-view.ts";
import { describeStatus } from "./status.ts";

/** A gateway with everything that runs behind its routes. */
export interface RunningGateway {
  readonly gateway: Gateway;
  /** Reads the source and loads what it says; resolves when that was tried once. */
  start(): Promise<void>;
  /** Cuts in force, whether the store has them yet or not. */
  readonly openCuts: () => readonly StoredCut[];
  /** The documents of the source as they were read last. */
  documents(): ReadTree["read"];
  /** Another process may have cut something: look at the store again. */
  syncCuts(): void;
  /** Probes are told to take the traffic elsewhere, while everything is answered as before. */
  stopBeingReady(): void;
  stop(): Promise<void>;
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
    onNamed: (model, version) => fleet.use(model, version),
    onFault: createFaultLog(deps.log, deps.clock, parts.isLive),
  });
  let isStopping = false;
  const uptimeSeconds = (): number => Math.round((deps.clock.now() - parts.startedAt) / 1000);
  const gateway: Gateway = {
    table: () => fleet.table(),
    health: () => {
      const health = healthOf(fleet.table(), fleet.untried());
      return isStopping ? { ...health, isReady: false, status: "stopping" } : health;
    },
    predict,
    ...alertDesk(deps, (alert) => judgeAlert(alert, reactor, reconciler)),
    uptimeSeconds,
    statistics: parts.statistics,
    status: () => statusOf(parts, uptimeSeconds()),
    scrape: () => scrapeOf(parts),
    reload: async () => void (await fleet.refresh()),
    maxBodyBytes: () => fleet.table().policy?.spec.gateway?.maxBodyBytes ?? defaultMaxBodyBytes,
    onReply: replyCounter(parts),
    onError: (error, requestId) => deps.log("error", "a request failed", { requestId, error }),
  };
  return {
    gateway,
    start: async () => {
      await fleet.refresh();
      rehearse(fleet, deps.decide, (accusation) => viewOf(parts, accusation), deps.environment, deps.clock);
      reconciler?.wake();
    },
    openCuts: () => reactor.openCuts(),
    documents: () => fleet.documents(),
    syncCuts: () => {
      // A new table wakes the reconciler.
      if (parts.obeyed.changed()) fleet.applyCuts();
      // The other process has seen git agree: high time to look as well.
      if (parts.obeyed.endedElsewhere().length > 0) void fleet.refresh();
    },
    stopBeingReady: () => {
      isStopping = true;
    },
    stop: async () => {
      guard.stop();
      await reconciler?.stop();
      await fleet.close();
      await deps.runtime.close();
      await deps.server?.close();
      deps.store.close();
    },
  };
}

function statusOf({ fleet, reactor, guard, people, ...deps }: Parts, uptimeSeconds: number): object {
  const context = {
    source: deps.source.description,
    uptimeSeconds,
    alerts: deps.alertsToken !== null,
    grpc: deps.grpc?.() ?? null,
    problems: deps.problems ?? [],
    servers: (deps.server?.states() ?? []).map(({ address, down }) => ({ address, up: down === null, reason: down })),
    needsPerson: people.calls(),
  };
  return describeStatus(fleet.table(), reactor.openCuts(), (model) => guard.judgement(model), context);
}

/** What is seen best when somebody looks is set before. */
function scrapeOf({ metrics, people, server }: Parts): ReturnType<Gateway["scrape"]> {
  metrics.callFor(people.calls());
  metrics.showServers(server?.states() ?? []);
  return metrics.scrape();
}

/** Where webhooks arrive: what becomes of each alert is counted, and what is refused is told. */
function alertDesk(
  { metrics, log, clock, alertsToken }: GatewayDeps,
  judge: (alert: ReadAlert) => Promise<AlertResult>,
): Pick<Gateway, "alerts" | "alertsToken" | "onAlertsRefused"> {
  const noteRefused = createAlertLog(log, clock);
  return {
    alertsToken,
    async alerts(alerts) {
      const results = await Promise.all(alerts.map(judge));
      for (const { decision, code, reason } of results) {
        metrics.alert(decision);
        if (decision === "malformed") noteRefused(code, reason);
      }
      return results;
    },
    onAlertsRefused({ code, message }) {
      metrics.alert("refused");
      noteRefused(code, message);
    },
  };
}

/** Replies go to the metrics; that clients did not wait for theirs, to the log as well. */
function replyCounter({ metrics, log, clock, isLive }: Parts): Gateway["onReply"] {
  const noteGone = createGoneLog(log, clock, isLive);
  return (model, code) => {
    metrics.reply(model, code);
    if (code === 499) noteGone(model);
  };
}
