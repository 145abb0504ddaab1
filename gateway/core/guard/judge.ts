import { alternativesTo, logAboveObjective, logWorseThan } from "./e-values.ts";
import { explain, type Finding } from "./explain.ts";
import { mixOverStarts, type Stream } from "./mixture.ts";
import type { GuardState } from "./state.ts";

/** What the guard reads of an slo, with the defaults filled in (`sloOf`). */
export interface Objectives {
  /** Allowed share of failed attempts, 0..1. */
  readonly errorRate: number;
  /** Where it is set, at most 5 % of attempts may take longer. */
  readonly latencyP95Ms?: number | undefined;
  /** No verdict before so many attempts. */
  readonly minRequests: number;
}

export interface JudgeOptions {
  /** Gateways that judge this canary, each on its own traffic. */
  readonly replicas: number;
  /** The canary's share of traffic in percent. */
  readonly weight: number;
}

export interface Judgement {
  readonly kind: "healthy" | "too-little-data" | "bad";
  /** Which stream is bad; only of `bad`. */
  readonly stream?: Stream;
  /** One line for people. */
  readonly reason: string;
  /** Short values for people and for the commit. */
  readonly evidence: Readonly<Record<string, string>>;
}

/** Chance that a healthy canary is ever cut, over all replicas, streams, looks and the whole of its attempt. */
const allowedError = 0.01;

/** 95 % of answers are to be faster than `latencyP95Ms`. */
const slowObjective = 0.05;

/** Without any stable attempt where chance would give one but for e^-10, there is no stable traffic. */
const unlikely = 10;

/**
 * Judges a canary: bad when, in one stream, both e-processes reach the threshold: against the objective and against
 * stable over the same time. A healthy canary (within the objective, or no worse than stable) has one of the two at 1
 * or less in expectation, so no correction for the two is needed, only for streams and replicas.
 *
 * Where stable gets nothing to compare with (weight 100, or none at all where that is no chance any more), the
 * objective alone decides. Pure, and free to be called at any moment: more looks do not make more false cuts. `now` in
 * ms.
 */
export function judge(state: GuardState, slo: Objectives, options: JudgeOptions, now: number): Judgement {
  const { attempts } = state.canary;
  if (attempts < slo.minRequests) {
    const reason = `${attempts} of the ${slo.minRequests} attempts that a verdict needs`;
    return { kind: "too-little-data", reason, evidence: { attempts: String(attempts) } };
  }
  const findings = [find(state, "errors", slo.errorRate, options)];
  if (slo.latencyP95Ms !== undefined) findings.push(find(state, "slow", slowObjective, options));
  const bad = findings.find((finding) => finding.verdict === "worse");
  const shown = bad ?? findings.find((finding) => finding.verdict === "as-stable") ?? findings[0];
  if (shown === undefined) return { kind: "healthy", reason: "nothing to judge by", evidence: {} };
  const told = explain(shown, slo.latencyP95Ms, now);
  return bad === undefined ? { kind: "healthy", ...told } : { kind: "bad", stream: bad.stream, ...told };
}

/** Natural logarithm of the e-value that a cut needs. */
function logThreshold(replicas: number): number {
  const streams = 2;
  return Math.log((Math.max(1, replicas) * streams) / allowedError);
}

function find(state: GuardState, stream: Stream, objective: number, options: JudgeOptions): Finding {
  const alternatives = alternativesTo(objective);
  const needed = logThreshold(options.replicas);
  const { log: above, telling } = mixOverStarts(state, stream, ({ canary }) => logAboveObjective(canary, alternatives));
  const found = { stream, objective, needed, above, telling };
  if (above < needed) return { ...found, worse: null, verdict: "within" };
  if (isAlone(state, options.weight)) return { ...found, worse: null, verdict: "worse" };
  const { log: worse } = mixOverStarts(state, stream, ({ canary, stable }) => logWorseThan(canary, stable));
  return { ...found, worse, verdict: worse < needed ? "as-stable" : "worse" };
}

function isAlone(state: GuardState, weight: number): boolean {
  const [first] = state.starts;
  if (first === undefined || state.stable.attempts > first.stable.attempts) return false;
  const attempts = state.canary.attempts - first.canary.attempts;
  // Chance gives all of n attempts to the canary with the probability (weight / 100)^n.
  return weight >= 100 || (weight > 0 && attempts * Math.log(100 / weight) >= unlikely);
}
