import type { Count } from "./e-values.ts";
import type { Stream, Stretch } from "./mixture.ts";

/** What was found in one stream; e-values as natural logarithms. */
export interface Finding {
  readonly stream: Stream;
  /** Allowed share, 0..1. */
  readonly objective: number;
  readonly needed: number;
  /** Against the objective. */
  readonly above: number;
  /** Against stable; null where it was not needed or there is nothing to compare with. */
  readonly worse: number | null;
  readonly verdict: "within" | "as-stable" | "worse";
  /** The stretch that tells most against the canary. */
  readonly telling: Stretch;
}

/** Reason (one line) and evidence (short values) of a finding. `now` in milliseconds. */
export function explain(
  finding: Finding,
  latencyP95Ms: number | undefined,
  now: number,
): { readonly reason: string; readonly evidence: Readonly<Record<string, string>> } {
  const { canary, stable, since } = finding.telling;
  const what = finding.stream === "errors" ? "errors" : `slower than ${latencyP95Ms ?? 0} ms:`;
  const compared = stable.attempts === 0 ? "no stable traffic" : `stable ${shareOf(stable)}`;
  const so = finding.verdict === "as-stable" ? " (not shown to be worse than stable)" : "";
  const reason = `${what} ${share(canary)} of ${canary.attempts} attempts, objective ${percent(finding.objective)}, ${compared}${so}`;
  const evidence = {
    stream: finding.stream,
    canary: `${canary.hits} of ${canary.attempts}`,
    stable: `${stable.hits} of ${stable.attempts}`,
    objective: percent(finding.objective),
    seconds: String(Math.max(0, Math.round((now - since) / 1000))),
    "e-value against objective": eValue(finding.above),
    ...(finding.worse === null ? {} : { "e-value against stable": eValue(finding.worse) }),
    "e-value needed": eValue(finding.needed),
  };
  return { reason, evidence };
}

function shareOf(count: Count): string {
  return `${share(count)} of ${count.attempts}`;
}

function share({ hits, attempts }: Count): string {
  return percent(attempts === 0 ? 0 : hits / attempts);
}

/** `31 %`, `0.4 %`: two digits are enough to act on. */
function percent(value: number): string {
  const hundredfold = value * 100;
  return `${hundredfold >= 10 ? Math.round(hundredfold) : Number(hundredfold.toPrecision(2))} %`;
}

/** An e-value may exceed what a number holds, so it is printed from its logarithm. */
function eValue(log: number): string {
  const exponent = log / Math.LN10;
  return exponent < 4 ? String(Number(Math.exp(log).toPrecision(2))) : `1e${Math.floor(exponent)}`;
}
