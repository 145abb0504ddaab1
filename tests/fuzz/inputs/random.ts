import { seededRandom } from "../../support/random.ts";

/** Draws of one seed. */
export interface Draw {
  /** True that often. */
  chance(share: number): boolean;
  /** From `from` to `to`, both possible. */
  whole(from: number, to: number): number;
  pick<T>(of: readonly T[]): T;
  list<T>(length: number, make: (at: number) => T): T[];
}

export function drawsOf(seed: number): Draw {
  const random = seededRandom(seed);
  const whole = (from: number, to: number): number => from + Math.floor(random() * (to - from + 1));
  return {
    chance: (share) => random() < share,
    whole,
    pick<T>(of: readonly T[]): T {
      const at = whole(0, of.length - 1);
      if (at >= of.length) throw new Error("there is nothing to pick");
      return of[at] as T;
    },
    list: (length, make) => Array.from({ length }, (_, at) => make(at)),
  };
}
