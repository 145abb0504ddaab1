import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Recorder } from "../core/record.ts";
import type { RoutingTable } from "../core/route.ts";
import type { Cut } from "../../schemas/cut.ts";

/** Seconds: fine below 10 ms, where models live; up to the longest deadline that is usual. */
const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface Metrics extends Recorder {
  /** Text of the Prometheus exposition format. */
  scrape(): Promise<{ readonly body: string; readonly contentType: string }>;
  /** The gauges that say what is served now. */
  show(table: RoutingTable, cuts: readonly Cut[]): void;
  /** Versions that a person is needed for. */
  callFor(versions: readonly { readonly model: string; readonly version: number }[]): void;
}

/** What rollouts are watched by (`gateway_*`), and the names that KServe users have on their dashboards (`model_*`). */
export function createMetrics(): Metrics {
  const registry = new Registry();
  return {
    ...createRecorder(registry),
    show: createGauges(registry),
    callFor: createCalls(registry),
    scrape: async () => ({ body: await registry.metrics(), contentType: registry.contentType }),
  };
}

function createRecorder(registry: Registry): Recorder {
  const registers = [registry];
  const attempt = ["model", "version", "phase"] as const;
  const kserve = ["model_name", "model_version"] as const;
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> =>
    new Counter({ name, help, labelNames: [...labelNames], registers });
  const histogram = <L extends string>(name: string, help: string, labelNames: readonly L[]): Histogram<L> =>
    new Histogram({ name, help, labelNames: [...labelNames], buckets, registers });

  const requests = counter("gateway_request_total", "Attempts at a version", attempt);
  const errors = counter("gateway_request_errors_total", "Attempts that the version failed by its own fault", attempt);
  const latency = histogram("gateway_latency_seconds", "Time that attempts at a version took", attempt);
  const replies = counter("gateway_reply_total", "Replies to clients by status code", ["model", "code"]);
  const fallbackLabels = ["model", "version", "reason"] as const;
  const fallbacks = counter(
    "gateway_fallback_total",
    "Requests that stable answered for a failed canary",
    fallbackLabels,
  );
  const predictions = counter("model_predictions_total", "Attempts at a version, by KServe's labels", kserve);
  const predictionErrors = counter("model_prediction_errors_total", "Failed attempts, by KServe's labels", kserve);
  const predictionLatency = histogram(
    "model_prediction_latency_seconds",
    "Time of attempts, by KServe's labels",
    kserve,
  );

  return {
    attempt: ({ model, version, phase, outcome, seconds }) => {
      const labels = { model, version: String(version), phase };
      const kserveLabels = { model_name: model, model_version: String(version) };
      requests.inc(labels);
      latency.observe(labels, seconds);
      predictions.inc(kserveLabels);
      predictionLatency.observe(kserveLabels, seconds);
      // What stable failed too is no error of this version; it stands in gateway_fallback_total, reason "shared".
      if (outcome === "fault") errors.inc(labels);
      if (outcome === "fault" || outcome === "shared") predictionErrors.inc(kserveLabels);
    },
    fallback: (model, version, reason) => fallbacks.inc({ model, version: String(version), reason }),
    reply: (model, code) => replies.inc({ model, code: String(code) }),
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
