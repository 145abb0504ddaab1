import { HeadMoved, OutsideError } from "./core/ports.ts";

/** How long a branch that keeps moving is followed. */
const patienceMs = 2 * 60_000;

/** First and longest wait before reading again. */
const firstWaitMs = 250;
const longestWaitMs = 10_000;

export interface Pace {
  readonly now: () => Date;
  /** 0 up to 1. */
  readonly random: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

/**
 * Runs `attempt`, which reads, plans and writes, from the start again as long as it throws `HeadMoved` (2 min). `what` names
 * in the OutsideError that follows what has been tried.
 */
export async function followHead<T>(what: () => string, attempt: () => Promise<T>, pace: Pace): Promise<T> {
  const deadline = pace.now().getTime() + patienceMs;
  for (let tries = 0; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof HeadMoved)) throw error;
      const wait = Math.min(longestWaitMs, firstWaitMs * 2 ** tries) * (0.5 + pace.random() / 2);
      if (pace.now().getTime() + wait > deadline) throw outOfPatience(what(), error);
      await pace.sleep(wait);
    }
  }
}

function outOfPatience(what: string, cause: HeadMoved): OutsideError {
  return new OutsideError(`"${what}": the branch kept moving for ${patienceMs / 60_000} minutes`, {
    retryable: true,
    hint: "something else commits to it all the time; try again when that has ended",
    cause,
  });
}
