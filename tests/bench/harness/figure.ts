import type { RowName } from "../goals.ts";

/** One row's measurements, or why there are none. */
export type Figure =
  | {
      /** The row's value in each round. */
      readonly samples: readonly number[];
      /** What the ratio was made of, for people. */
      readonly note: string;
      /** How one value is made of the samples; the median where nothing is said. */
      readonly take?: "median" | "most";
    }
  | { readonly absent: string };

export interface Settings {
  readonly rounds: number;
  /** A folder of the run's own; removed afterwards. */
  readonly scratch: string;
  /** The rows that are asked for: a family need not measure the others. */
  readonly wants: (name: RowName) => boolean;
  /** Says what is being done, on stderr. */
  readonly say: (line: string) => void;
}

/** Rows that share servers, measured together. */
export interface Family {
  readonly rows: readonly RowName[];
  measure(settings: Settings): Promise<Partial<Record<RowName, Figure>>>;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? Number.NaN) + upper) / 2 : upper;
}

export function valueOf({ samples, take = "median" }: Extract<Figure, { samples: unknown }>): number {
  return take === "most" ? Math.max(...samples) : median(samples);
}

/**
 * Measures each side once a round, in turns, so that a machine that gets slower slows all of them; every other round goes
 * backwards, so that none is always the one after another.
 */
export async function interleave<Side extends string, Sample>(
  rounds: number,
  sides: Readonly<Record<Side, () => Promise<Sample> | Sample>>,
): Promise<Readonly<Record<Side, readonly Sample[]>>> {
  const names = Object.keys(sides) as Side[];
  const samples = Object.fromEntries(names.map((name) => [name, [] as Sample[]])) as Record<Side, Sample[]>;
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) samples[name].push(await sides[name]());
  }
  return samples;
}

/** Round by round, so that both parts of a ratio are of one moment. */
export function ratios(above: readonly number[], below: readonly number[]): readonly number[] {
  return above.map((value, round) => value / (below[round] ?? Number.NaN));
}
