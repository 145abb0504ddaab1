const firstRetryMs = 500;
const slowestRetryMs = 60_000;

/** How often it is looked whether git agrees by now, or whether a pull request was merged or closed. */
export const recheckMs = 60_000;

/** Cuts in one commit; GitHub reads so many models in one query. */
const mostTogether = 50;
const fewestTogether = 5;

/**
 * How many cuts share a commit, after so many failures in a row: half as many each time, in case all at once are too much for
 * one call. Never one by one: GitHub slows down who makes many commits a minute.
 */
export function togetherAfter(failures: number): number {
  return Math.max(fewestTogether, Math.floor(mostTogether / 2 ** failures));
}

/** After so long nobody waits for a commit any more, and the next one is tried. Above a committer's own 2 minutes. */
export const commitDeadlineMs = 150_000;

/**
 * Milliseconds to wait after the n-th failure in a row (from 1): twice as long each time up to a minute, of which the
 * second half is left to chance (`random` in 0..1), so that gateways that failed together do not come back together.
 */
function retryDelayMs(failures: number, random: number): number {
  const longest = Math.min(slowestRetryMs, firstRetryMs * 2 ** Math.min(failures - 1, 20));
  return longest * (0.5 + random / 2);
}

/**
 * An error that says `retryable: false` (no rights, say) is tried again at the slowest pace: a person has to do
 * something first.
 */
export function retryAfterMs(error: unknown, failures: number, random: number): number {
  const terminal = (error as { retryable?: unknown } | null)?.retryable === false;
  return retryDelayMs(terminal ? Number.MAX_SAFE_INTEGER : failures, random);
}
