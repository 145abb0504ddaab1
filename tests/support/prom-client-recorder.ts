import { Counter, Histogram, Registry } from "prom-client";
import type { Recorder } from "../../gateway/core/record.ts";

/** The metrics of requests by prom-client, each counted for itself: what the gateway's own are held to. */
export function byPromClient(): Recorder & { text(): Promise<string> } {
  const registry = new Registry();
  const registers = [registry];
  const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
  const attempt = ["model", "version", "phase"];
  const kserve = ["model_name", "model_version"];
  const counter = (name: string, help: string, labelNames: string[]) =>
    new Counter({ name, help, labelNames, registers });
  const histogram = (name: string, help: string, labelNames: string[]) =>
    new Histogram({ name, help, labelNames, buckets, registers });
  const requests = counter("gateway_request_total", "Attempts at a version", attempt);
  const faults = "Attempts that the version failed by its own fault";
  const errors = counter("gateway_request_errors_total", faults, attempt);
  const latency = histogram("gateway_latency_seconds", "Time that attempts at a version took", attempt);
  const predictions = counter("model_predictions_total", "Attempts at a version, by KServe's labels", kserve);
  const failed = counter("model_prediction_errors_total", "Failed attempts, by KServe's labels", kserve);
  const took = histogram("model_prediction_latency_seconds", "Time of attempts, by KServe's labels", kserve);
  const replies = counter("gateway_reply_total", "Replies to clients by status code", ["model", "code"]);
  const answered = "Requests that stable answered for a failed canary";
  const fallbacks = counter("gateway_fallback_total", answered, ["model", "version", "reason"]);
  return {
    attempt({ model, version, phase, outcome, seconds }) {
      const labels = { model, version: String(version), phase };
      const kserveLabels = { model_name: model, model_version: String(version) };
      requests.inc(labels);
      latency.observe(labels, seconds);
      predictions.inc(kserveLabels);
      took.observe(kserveLabels, seconds);
      if (outcome === "fault") errors.inc(labels);
      if (outcome === "fault" || outcome === "shared") failed.inc(kserveLabels);
    },
    fallback: (model, version, reason) => fallbacks.inc({ model, version: String(version), reason }),
    reply: (model, code) => replies.inc({ model, code: String(code) }),
    text: () => registry.metrics(),
  };
}
