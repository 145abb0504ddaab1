import type { Problem } from "../../schemas/problem.ts";
import { OutsideError } from "./core/ports.ts";

export interface PaceParts {
  readonly now: () => Date;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly timeoutMs: number;
}

/** How often is looked, and until when. */
export interface Pace {
  /** Waits; false where the time is over. `says`: what is awaited, which is looked at again soon where it is new. */
  next(says: string): Promise<boolean>;
  /** `next`: what to do about it that changes nothing. */
  tooLong(what: string, next: string): Problem;
}

/** Waits between looks, in milliseconds: short where something has just changed. */
const firstMs = 2000;
const longestMs = 20_000;
const growth = 1.4;

export function createPace({ now, sleep, timeoutMs }: PaceParts): Pace {
  const deadline = now().getTime() + timeoutMs;
  let [waitMs, last] = [firstMs, ""];
  return {
    async next(says) {
      waitMs = says === last ? Math.min(longestMs, Math.round(waitMs * growth)) : firstMs;
      last = says;
      const leftMs = deadline - now().getTime();
      if (leftMs <= 0) return false;
      await sleep(Math.min(waitMs, leftMs));
      return true;
    },
    tooLong(what, next) {
      return {
        code: "wait-timeout",
        message: `after ${inWords(timeoutMs)} ${what}`,
        hint: `${next}; --wait-timeout gives it more time`,
      };
    },
  };
}

function inWords(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}

/** null where the same look may go through later. */
export async function patiently<T>(look: () => Promise<T>): Promise<T | null> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof OutsideError && error.retryable) return null;
    throw error;
  }
}
