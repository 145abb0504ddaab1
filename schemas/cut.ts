import type { Judge, ModelDeployment, Phase } from "./model-deployment.ts";
import { effective, highestAttempt } from "./effective.ts";

/**
 * No traffic for this version in this attempt. The one record between "bad" and "committed": what it stops, what is still
 * to be committed, and what `/status` shows.
 */
export interface Cut {
  readonly environment: string;
  readonly model: string;
  readonly version: number;
  /** null where an earlier version had taken over as stable, of which the document names no attempt. */
  readonly attempt: number | null;
  readonly phase: Phase;
  readonly by: Judge;
  readonly reason: string;
  readonly evidence: Readonly<Record<string, string>>;
  /** RFC 3339, UTC. */
  readonly at: string;
}

/** Same environment, model, version and attempt: the same cut, however often it is told. */
export function cutKey(cut: Pick<Cut, "environment" | "model" | "version" | "attempt">): string {
  return `${cut.environment}/${cut.model}/${cut.version}/${cut.attempt ?? "-"}`;
}

/**
 * What git says to a cut. Open: the version is served in that attempt, or waits among the earlier stable ones, where it would be
 * the next to take over. Over: git rejects it, serves it nowhere, or serves it with a higher attempt.
 */
export type CutStanding =
  | { readonly kind: "open"; readonly place: Phase | "previous"; readonly attempt: number | null }
  | { readonly kind: "over"; readonly because: "rejected" | "not-served" | "newer-attempt" };

/**
 * Reads a cut against a document. Where either side names no attempt (an earlier version had taken over as stable), a stable
 * version counts as the one that was cut: to stop it twice is the lesser harm. A canary always has a number, so it is newer.
 */
export function standingOfCut(cut: Pick<Cut, "version" | "attempt">, deployment: ModelDeployment | null): CutStanding {
  if (deployment === null) return { kind: "over", because: "not-served" };
  const { version, attempt } = cut;
  if (deployment.spec.rejected?.some((entry) => entry.version === version)) {
    return { kind: "over", because: "rejected" };
  }
  const { stable, canary, previous } = effective(deployment);
  if (canary?.version === version) {
    const newer = attempt === null || canary.attempt > attempt;
    return newer
      ? { kind: "over", because: "newer-attempt" }
      : { kind: "open", place: "canary", attempt: canary.attempt };
  }
  if (stable?.version === version) {
    const newer = attempt !== null && stable.attempt !== null && stable.attempt > attempt;
    return newer
      ? { kind: "over", because: "newer-attempt" }
      : { kind: "open", place: "stable", attempt: stable.attempt };
  }
  return previous.includes(version)
    ? { kind: "open", place: "previous", attempt: null }
    : { kind: "over", because: "not-served" };
}

/**
 * The document as if git had its open cuts under `rejected` already: what is served now. Give cuts of the document's own
 * environment; those of other models, and those that are over, change nothing.
 */
export function underCuts(deployment: ModelDeployment, cuts: readonly Cut[]): ModelDeployment {
  const open = cuts.filter(
    (cut) => cut.model === deployment.spec.model && standingOfCut(cut, deployment).kind === "open",
  );
  if (open.length === 0) return deployment;
  const rejected = open.map(({ version, attempt, at, phase, by, reason }) => ({
    version,
    at,
    phase,
    by,
    reason,
    attempt: attempt ?? highestAttempt(deployment),
  }));
  return {
    ...deployment,
    spec: { ...deployment.spec, rejected: [...(deployment.spec.rejected ?? []), ...rejected] },
  };
}
