import { logMaximumLikelihood, logMixedLikelihood, logSumOf } from "./special.ts";

/** Hits of a stream among attempts. */
export interface Count {
  readonly hits: number;
  readonly attempts: number;
}

/** An alternative rate p1 to the objective p0, as what a hit and a miss add to the log likelihood ratio. */
export interface Alternative {
  readonly hit: number;
  readonly miss: number;
}

/** Alternatives as multiples of the objective's odds: their rates stay below 1 whatever the objective. */
const oddsFactors = [1.25, 1.5, 2, 3, 5, 8, 15, 30, 80, 300];

/** The rates above `objective` (0..1) that a bad canary might have. */
export function alternativesTo(objective: number): readonly Alternative[] {
  const odds = objective / (1 - objective);
  return oddsFactors.map((factor) => {
    // p1 = f odds / (1 + f odds), so (1 - p1) / (1 - p0) = (1 + odds) / (1 + f odds)
    const miss = Math.log1p(odds) - Math.log1p(factor * odds);
    return { hit: Math.log(factor) + miss, miss };
  });
}

/**
 * Log of an e-value for "the rate is at most the objective": the even mixture of likelihood ratios p1 : p0.
 *
 * At a true rate p each factor has the mean p p1/p0 + (1 - p)(1 - p1)/(1 - p0), which grows with p and is 1 at p0. So
 * for rates that never exceed p0, even ones that change from attempt to attempt, the product is a supermartingale, and
 * by Ville's inequality the chance that it ever reaches 1/a is at most a, however often one looks.
 */
export function logAboveObjective({ hits, attempts }: Count, alternatives: readonly Alternative[]): number {
  const misses = attempts - hits;
  const logRatios = alternatives.map(({ hit, miss }) => hits * hit + misses * miss);
  return logSumOf(logRatios) - Math.log(alternatives.length);
}

/**
 * Log of an e-value for "the canary's rate is at most stable's": universal inference (Wasserman, Ramdas and
 * Balakrishnan 2020). Both streams' likelihood, their rates mixed over Jeffreys' prior, against the best that the
 * hypothesis can do: each its own best rate where these obey it, else one rate for both.
 *
 * It is at most 1 in expectation at every stopping time: for fixed rates, because the mixture is a martingale under
 * them and the divisor at least their likelihood. And for rates that change together (a shared outage), as long as
 * chance deals out requests in an unchanging proportion w: the dealt likelihood ratio of rates (pc, ps) against w pc +
 * (1 - w) ps has the mean 1 whatever the outcomes are, and the divisor is at least the latter's likelihood. That is
 * why a change of weight starts the comparison anew (`restart`).
 */
export function logWorseThan(canary: Count, stable: Count): number {
  const mixed = logMixedLikelihood(canary.hits, canary.attempts) + logMixedLikelihood(stable.hits, stable.attempts);
  const obeys = canary.hits * stable.attempts <= stable.hits * canary.attempts;
  const best = obeys
    ? logMaximumLikelihood(canary.hits, canary.attempts) + logMaximumLikelihood(stable.hits, stable.attempts)
    : logMaximumLikelihood(canary.hits + stable.hits, canary.attempts + stable.attempts);
  return mixed - best;
}
