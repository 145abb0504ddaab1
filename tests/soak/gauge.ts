/** What a process holds, over time. */
import { readdirSync } from "node:fs";

export interface Sample {
  readonly minutes: number;
  readonly rssMiB: number;
  /** null where the system does not tell (it does on Linux). */
  readonly handles: number | null;
}

const everyMs = 1000;

export interface Gauge {
  readonly samples: readonly Sample[];
  stop(): void;
}

export function startGauge(pid: number): Gauge {
  const samples: Sample[] = [];
  const started = performance.now();
  const take = (): void => {
    const rssMiB = rssOf(pid);
    if (rssMiB === null) return;
    samples.push({ minutes: (performance.now() - started) / 60_000, rssMiB, handles: handlesOf(pid) });
  };
  const timer = setInterval(take, everyMs);
  return { samples, stop: () => clearInterval(timer) };
}

function rssOf(pid: number): number | null {
  const { stdout } = Bun.spawnSync(["ps", "-o", "rss=", "-p", String(pid)]);
  const kib = Number(stdout.toString().trim());
  return kib > 0 ? kib / 1024 : null;
}

function handlesOf(pid: number): number | null {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return null;
  }
}

/** Least squares: how much `value` grows in a minute. */
export function slopeOf(samples: readonly Sample[], value: (sample: Sample) => number): number {
  const mean = (of: (sample: Sample) => number): number =>
    samples.reduce((sum, one) => sum + of(one), 0) / samples.length;
  const [x, y] = [mean(({ minutes }) => minutes), mean(value)];
  const spread = samples.reduce((sum, { minutes }) => sum + (minutes - x) ** 2, 0);
  return samples.reduce((sum, one) => sum + (one.minutes - x) * (value(one) - y), 0) / spread;
}
