/**
 * Bounds how many requests may be answered a second time, as a share of all requests: when a canary that takes half of the
 * traffic fails altogether, stable must not get everything at once on top of its own.
 */
export interface RetryBudget {
  /** A request came in. */
  earn(): void;
  /** May this one be tried again? Takes the right when it says yes. */
  spend(): boolean;
  /** The retry cost nothing: the input was refused before a model ran. */
  giveBack(): void;
}

/** Requests' worth of retries that may be saved up: the first failures of a quiet model are covered too. */
const saved = 50;

/** `share` in 0..1, such as 0.2 for one retry in five requests. */
export function createRetryBudget(share: number): RetryBudget {
  let tokens = saved;
  const add = (more: number): void => {
    tokens = Math.min(saved, tokens + more);
  };
  return {
    earn: () => add(share),
    giveBack: () => add(1),
    spend: () => {
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
