const halfLogTwoPi = 0.9189385332046727;

/**
 * Natural logarithm of the gamma function, for x > 0. Stirling's series (Abramowitz & Stegun 6.1.41) from 15 upwards,
 * where its fifth term is below 1e-14; smaller arguments get there by gamma(x + 1) = x gamma(x).
 */
export function logGamma(x: number): number {
  let product = 1;
  let at = x;
  for (; at < 15; at += 1) product *= at;
  const square = at * at;
  const series = (1 / 12 - (1 / 360 - (1 / 1260 - 1 / (1680 * square)) / square) / square) / at;
  return (at - 0.5) * Math.log(at) - at + halfLogTwoPi + series - Math.log(product);
}

const twoLogGammaHalf = 2 * logGamma(0.5);

/**
 * Log probability of one sequence of n trials with k hits when the rate is unknown: Bernoulli mixed over Jeffreys'
 * Beta(1/2, 1/2) prior (Krichevsky and Trofimov 1981). At most 0.5 ln n + ln 2 below the best rate's in hindsight.
 */
export function logMixedLikelihood(hits: number, trials: number): number {
  return logGamma(hits + 0.5) + logGamma(trials - hits + 0.5) - logGamma(trials + 1) - twoLogGammaHalf;
}

/** Log probability of one sequence of n trials with k hits at the rate k/n that suits it best. */
export function logMaximumLikelihood(hits: number, trials: number): number {
  return xLogX(hits) + xLogX(trials - hits) - xLogX(trials);
}

function xLogX(x: number): number {
  return x === 0 ? 0 : x * Math.log(x);
}

/** ln(exp(a) + exp(b) + ...) without overflow: the largest is taken out. -Infinity stands for nothing. */
export function logSumOf(logs: readonly number[]): number {
  let most = Number.NEGATIVE_INFINITY;
  for (const log of logs) if (log > most) most = log;
  if (most === Number.NEGATIVE_INFINITY) return most;
  let sum = 0;
  for (const log of logs) sum += Math.exp(log - most);
  return most + Math.log(sum);
}
