import type { Recorder } from "./record.ts";
import { counterText, histogramText, labelText, type Metric, type Sample } from "./metrics/exposition.ts";
import { countOf, createHistogram, observe, sumOf, type Histogram } from "./metrics/histogram.ts";
import { createSeries, other, type Labels } from "./metrics/series.ts";

/** Seconds: fine below 10 ms, where models live; up to the longest deadline that is usual. */
const bounds: readonly number[] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Series that a metric may have. Their labels are what documents say, never what clients send, and still there may be many. */
const defaultLimit = 2000;

const metrics = {
  requests: { name: "gateway_request_total", help: "Attempts at a version" },
  errors: { name: "gateway_request_errors_total", help: "Attempts that the version failed by its own fault" },
  latency: { name: "gateway_latency_seconds", help: "Time that attempts at a version took" },
  replies: { name: "gateway_reply_total", help: "Replies to clients by status code" },
  fallbacks: { name: "gateway_fallback_total", help: "Requests that stable answered for a failed canary" },
  predictions: { name: "model_predictions_total", help: "Attempts at a version, by KServe's labels" },
  predictionErrors: { name: "model_prediction_errors_total", help: "Failed attempts, by KServe's labels" },
  predictionLatency: { name: "model_prediction_latency_seconds", help: "Time of attempts, by KServe's labels" },
} as const satisfies Readonly<Record<string, Metric>>;

/** What is kept of the attempts at a version in a phase; every metric of attempts is made of it when it is asked for. */
interface Attempts {
  readonly latency: Histogram;
  faults: number;
  /** Stable failed the same input too. */
  shared: number;
}

interface Counter {
  count: number;
}

export interface RequestMetrics extends Recorder {
  /** In the text format of Prometheus, as prom-client writes it. */
  text(): string;
}

/** Counts requests for the price of one observation each. `isLive`: whether a version of a model is served now. */
export function createRequestMetrics(options: {
  readonly isLive: (model: string, version: number | null) => boolean;
  readonly limit?: number;
}): RequestMetrics {
  const { isLive, limit = defaultLimit } = options;
  const attempts = createSeries<Attempts>({
    make: () => ({ latency: createHistogram(bounds), faults: 0, shared: 0 }),
    limit,
    isLive,
  });
  const counter = (): Counter => ({ count: 0 });
  const replies = createSeries<Counter>({ make: counter, limit, isLive: (model) => isLive(model, null) });
  const fallbacks = createSeries<Counter>({ make: counter, limit, isLive });
  return {
    attempt({ model, version, phase, outcome, seconds }) {
      const cell = attempts.of(model, version, phase);
      observe(cell.latency, bounds, seconds);
      // What stable failed too is no error of this version; it stands in gateway_fallback_total, reason "shared".
      if (outcome === "fault") cell.faults++;
      if (outcome === "shared") cell.shared++;
    },
    fallback: (model, version, reason) => void fallbacks.of(model, version, reason).count++,
    reply: (model, code) => void replies.of(model, code, "").count++,
    text: () =>
      [
        ...attemptTexts(attempts.entries()),
        counterText(metrics.replies, samplesOf(replies.entries(), ["model", "code"], count)),
        counterText(metrics.fallbacks, samplesOf(fallbacks.entries(), ["model", "version", "reason"], count)),
      ].join("\n"),
  };
}

type Entries<Cell> = readonly (readonly [Labels, Cell])[];

const count = (cell: Counter): number => cell.count;

function attemptTexts(entries: Entries<Attempts>): readonly string[] {
  const versions = byVersion(entries);
  const byPhase = <Value>(value: (cell: Attempts) => Value): readonly Sample<Value>[] =>
    samplesOf(entries, ["model", "version", "phase"], value);
  const ofVersion = <Value>(value: (cell: Attempts) => Value): readonly Sample<Value>[] =>
    samplesOf(versions, ["model_name", "model_version"], value);
  return [
    counterText(
      metrics.requests,
      byPhase(({ latency }) => countOf(latency)),
    ),
    counterText(metrics.errors, some(byPhase(({ faults }) => faults))),
    histogramText(
      metrics.latency,
      bounds,
      byPhase(({ latency }) => latency),
    ),
    counterText(
      metrics.predictions,
      ofVersion(({ latency }) => countOf(latency)),
    ),
    counterText(metrics.predictionErrors, some(ofVersion(({ faults, shared }) => faults + shared))),
    histogramText(
      metrics.predictionLatency,
      bounds,
      ofVersion(({ latency }) => latency),
    ),
  ];
}

function samplesOf<Cell, Value>(
  entries: Entries<Cell>,
  names: readonly string[],
  value: (cell: Cell) => Value,
): readonly Sample<Value>[] {
  return entries.map(([{ model, number, word }, cell]) => {
    const values = [model, number === null ? other : String(number), word];
    return [labelText(names, values), value(cell)];
  });
}

/** A failure that has never happened has no series. */
function some(samples: readonly Sample<number>[]): readonly Sample<number>[] {
  return samples.filter(([, value]) => value > 0);
}

/** The phases of each version together. */
function byVersion(entries: Entries<Attempts>): Entries<Attempts> {
  const versions = new Map<string, { readonly labels: Labels; readonly cells: Attempts[] }>();
  for (const [labels, cell] of entries) {
    const key = `${labels.model} ${labels.number}`;
    const known = versions.get(key) ?? { labels: { ...labels, word: "" }, cells: [] };
    known.cells.push(cell);
    versions.set(key, known);
  }
  return [...versions.values()].map(({ labels, cells }) => [labels, together(cells)]);
}

function together(cells: readonly Attempts[]): Attempts {
  const [only, second] = cells;
  if (only !== undefined && second === undefined) return only;
  return {
    latency: sumOf(
      bounds,
      cells.map(({ latency }) => latency),
    ),
    faults: cells.reduce((sum, { faults }) => sum + faults, 0),
    shared: cells.reduce((sum, { shared }) => sum + shared, 0),
  };
}
