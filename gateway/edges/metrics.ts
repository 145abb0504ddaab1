import { Counter, Gauge, Registry } from "prom-client";
import { createRequestMetrics } from "../core/request-metrics.ts";
import type { ServerState } from "../core/ports.ts";
import type { Recorder } from "../core/record.ts";
import type { RoutingTable } from "../core/route.ts";
import type { Cut } from "../../schemas/cut.ts";

export interface Metrics extends Recorder {
  /** Text of the Prometheus exposition format. */
  scrape(): Promise<{ readonly body: string; readonly contentType: string }>;
  /** What became of an alert. */
  alert(decision: string): void;
  /** The gauges that say what is served now. */
  show(table: RoutingTable, cuts: readonly Cut[]): void;
  /** Versions that a person is needed for. */
  callFor(versions: readonly { readonly model: string; readonly version: number }[]): void;
  /** The model servers that the gateway is in front of. */
  showServers(servers: readonly ServerState[]): void;
}

/**
 * What rollouts are watched by (`gateway_*`), and the names that KServe users have on their dashboards (`model_*`). What is
 * counted of every request has a writer of its own, because prom-client takes longer for it than a small model for an answer.
 */
export function createMetrics(): Metrics {
  const registry = new Registry();
  let served: RoutingTable["models"] = new Map();
  const requests = createRequestMetrics({
    isLive: (model, version) => {
      const route = served.get(model);
      return route !== undefined && (version === null || route.loaded.has(version));
    },
  });
  const show = createGauges(registry);
  return {
    attempt: requests.attempt,
    fallback: requests.fallback,
    reply: requests.reply,
    show: (table, cuts) => {
      served = table.models;
      show(table, cuts);
    },
    alert: createAlerts(registry),
    callFor: createCalls(registry),
    showServers: createServers(registry),
    scrape: async () => ({
      body: `${requests.text()}\n${await registry.metrics()}`,
      contentType: registry.contentType,
    }),
  };
}

function createGauges(registry: Registry): Metrics["show"] {
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[]): Gauge<L> =>
    new Gauge({ name, help, labelNames: [...labelNames], registers: [registry] });
  const current = gauge("gateway_current_model_version", "Version that serves a model in a phase", ["model", "phase"]);
  const loaded = gauge("model_loaded", "1 for each version in memory", ["model_name", "model_version"]);
  const cut = gauge("gateway_cut", "1 for each version that gets no traffic until git agrees", ["model", "version"]);
  const problems = gauge("gateway_source_problems", "Problems of the newest state; the last good one is served", []);
  return (table, cuts) => {
    for (const metric of [current, loaded, cut]) metric.reset();
    for (const { model, stable, canary, loaded: versions } of table.models.values()) {
      if (stable) current.set({ model, phase: "stable" }, stable.version);
      if (canary) current.set({ model, phase: "canary" }, canary.version);
      for (const version of versions.keys()) loaded.set({ model_name: model, model_version: String(version) }, 1);
    }
    for (const entry of cuts) cut.set({ model: entry.model, version: String(entry.version) }, 1);
    problems.set(table.problems.length);
  };
}

function createAlerts(registry: Registry): Metrics["alert"] {
  const alerts = new Counter({
    name: "gateway_alert_total",
    help: "Alerts by what became of them; refused: a whole webhook, unread",
    labelNames: ["decision"],
    registers: [registry],
  });
  return (decision) => alerts.inc({ decision });
}

function createCalls(registry: Registry): Metrics["callFor"] {
  const person = new Gauge({
    name: "gateway_person_needed",
    help: "1 for each version that a person is needed for; /status says why",
    labelNames: ["model", "version"],
    registers: [registry],
  });
  return (versions) => {
    person.reset();
    for (const { model, version } of versions) person.set({ model, version: String(version) }, 1);
  };
}

function createServers(registry: Registry): Metrics["showServers"] {
  const up = new Gauge({
    name: "gateway_model_server_up",
    help: "1 for each model server that takes requests, 0 for one that does not; /status says why",
    labelNames: ["address"],
    registers: [registry],
  });
  return (servers) => {
    up.reset();
    for (const { address, down } of servers) up.set({ address }, down === null ? 1 : 0);
  };
}
