import type { Histogram } from "./histogram.ts";

/** A metric in the text format of Prometheus. */
export interface Metric {
  readonly name: string;
  readonly help: string;
}

/** One series: its labels as `labelText` writes them, and its value. */
export type Sample<Value> = readonly [labels: string, value: Value];

/** `model="fraud",version="3"`, in the order of `names`. */
export function labelText(names: readonly string[], values: readonly string[]): string {
  return names.map((name, at) => `${name}="${escapeLabel(values[at] ?? "")}"`).join(",");
}

export function counterText(metric: Metric, samples: readonly Sample<number>[]): string {
  let text = heading(metric, "counter");
  for (const [labels, value] of samples) text += `${metric.name}{${labels}} ${value}\n`;
  return text;
}

export function histogramText(
  metric: Metric,
  bounds: readonly number[],
  samples: readonly Sample<Histogram>[],
): string {
  const { name } = metric;
  const openings = [...bounds.map(String), "+Inf"].map((bound) => `${name}_bucket{le="${bound}",`);
  let text = heading(metric, "histogram");
  for (const [labels, { counts, sum }] of samples) {
    let count = 0;
    for (let at = 0; at < openings.length; at++) {
      count += counts[at] ?? 0;
      text += `${openings[at]}${labels}} ${count}\n`;
    }
    text += `${name}_sum{${labels}} ${sum}\n${name}_count{${labels}} ${count}\n`;
  }
  return text;
}

function heading({ name, help }: Metric, type: "counter" | "histogram"): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
