import type { Count } from "./e-values.ts";
import { logSumOf } from "./special.ts";
import type { GuardState, Start, Tally } from "./state.ts";

/** What is counted: attempts that failed, and attempts slower than `latencyP95Ms`. */
export type Stream = "errors" | "slow";

/** Counts of one stream from one start to now. */
export interface Stretch {
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly canary: Count;
  readonly stable: Count;
}

/**
 * Mixes an e-value over the starts: the sum of 1/(n(n+1)) times the e-value of what came after the n-th. The weights
 * sum to 1 and no start knows its future, so the mixture is an e-process where its parts are; and a canary that goes
 * bad after hours is not hidden by the good hours before. Returns the logarithm, and the stretch that tells most.
 */
export function mixOverStarts(
  state: GuardState,
  stream: Stream,
  logEValue: (stretch: Stretch) => number,
): { readonly log: number; readonly telling: Stretch } {
  let most = Number.NEGATIVE_INFINITY;
  let telling: Stretch | undefined;
  const parts = state.starts.map((start) => {
    const stretch = stretchFrom(state, start, stream);
    const part = logEValue(stretch) - Math.log(start.number * (start.number + 1));
    if (telling === undefined || part > most) [telling, most] = [stretch, part];
    return part;
  });
  const nothing = { hits: 0, attempts: 0 };
  return { log: logSumOf(parts), telling: telling ?? { since: state.nextStartAt, canary: nothing, stable: nothing } };
}

function stretchFrom(state: GuardState, start: Start, stream: Stream): Stretch {
  const canary = since(state.canary, start.canary, stream);
  return { since: start.at, canary, stable: since(state.stable, start.stable, stream) };
}

function since(tally: Tally, before: Tally, stream: Stream): Count {
  const hits = stream === "errors" ? tally.failed - before.failed : tally.slow - before.slow;
  return { hits, attempts: tally.attempts - before.attempts };
}
