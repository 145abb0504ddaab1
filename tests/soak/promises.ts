import { slopeOf, type Sample } from "./gauge.ts";

/** Whether a promise was kept, and by what figure; null: it could not be looked at here. */
export interface Kept {
  readonly promise: string;
  readonly kept: boolean | null;
  readonly figure: string;
}

/** Memory is judged by so many of the last minutes, or by the last two thirds of what is shorter. */
const judgedMinutes = 20;

const mostMiBAMinute = 1;

/** Handles come and go with connections and git processes; so many more at the end than in the middle are no trend. */
const spareHandles = 3;

export function judgeMemory(samples: readonly Sample[]): Kept {
  const judged = lastOf(samples);
  const slope = slopeOf(judged, ({ rssMiB }) => rssMiB);
  const range = `${judged[0]?.rssMiB.toFixed(1)} to ${judged.at(-1)?.rssMiB.toFixed(1)} MiB`;
  return {
    promise: `memory grows by less than ${mostMiBAMinute} MiB a minute`,
    kept: slope < mostMiBAMinute,
    figure: `${slope.toFixed(2)} MiB a minute over the last ${lengthOf(judged).toFixed(1)} min, ${range}`,
  };
}

export function judgeHandles(samples: readonly Sample[]): Kept {
  const promise = "open handles stay as many";
  const judged = lastOf(samples).flatMap(({ handles }) => (handles === null ? [] : [handles]));
  if (judged.length < samples.length / 2)
    return { promise, kept: null, figure: "SKIPPED: the system does not tell (Linux does)" };
  const half = Math.floor(judged.length / 2);
  const [before, after] = [median(judged.slice(0, half)), median(judged.slice(half))];
  return { promise, kept: after <= before + spareHandles, figure: `median ${before}, then ${after}` };
}

export function renderPromises(promises: readonly Kept[]): string {
  const width = Math.max(...promises.map(({ promise }) => promise.length));
  return promises
    .map(
      ({ promise, kept, figure }) =>
        `${kept === null ? "?     " : kept ? "kept  " : "BROKEN"} ${promise.padEnd(width)}  ${figure}`,
    )
    .join("\n");
}

function lastOf(samples: readonly Sample[]): readonly Sample[] {
  const end = samples.at(-1)?.minutes ?? 0;
  const from = end - Math.min(judgedMinutes, (end * 2) / 3);
  return samples.filter(({ minutes }) => minutes >= from);
}

function lengthOf(samples: readonly Sample[]): number {
  return (samples.at(-1)?.minutes ?? 0) - (samples[0]?.minutes ?? 0);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
