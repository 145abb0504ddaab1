import type { Canary, ModelDeployment, Rejection, Stable } from "../../../schemas/model-deployment.ts";
import { effective, highestAttempt } from "../../../schemas/effective.ts";
import type { Share } from "./change.ts";

/** `previous` holds so many at most (schemas/model-deployment.ts). */
const maxPrevious = 5;

/** What a document says about who serves, with every rule of rules.ts kept: what planners start from and end with. */
export interface Standing {
  /** null when every stable version is rejected: such a standing cannot be written. */
  readonly stable: Stable | null;
  readonly canary: Canary | null;
  readonly shadow: { readonly version: number; readonly percent: number } | null;
  readonly previous: readonly number[];
  readonly rejected: readonly Rejection[];
}

/**
 * The effective document as a standing. After a merge of a stale plan the text may differ from it; whatever is planned next
 * writes it down. Only `deploy` gives new attempts: a version that took over as stable gets the highest number seen, which no
 * other rollout of that version has, and which a stale plan that merges later cannot push down.
 */
export function standingOf(deployment: ModelDeployment, now: string): Standing {
  const { stable, canary, shadow, previous } = effective(deployment);
  const { spec } = deployment;
  const attempt = highestAttempt(deployment);
  const takenOver = stable === null ? null : { version: stable.version, attempt, since: now };
  return {
    stable: stable?.attempt === spec.stable.attempt && stable.version === spec.stable.version ? spec.stable : takenOver,
    canary,
    shadow,
    previous,
    rejected: spec.rejected ?? [],
  };
}

/**
 * The document with this standing and everything else as it was. Empty lists stay where people wrote them. New rejections
 * stand last: a line that no rollout changes must lie between them and `previous`, or git would make one conflict of a
 * rollback and a stale promotion, and whoever resolves it for the promotion would take the rejection back unseen.
 */
export function withStanding(
  deployment: ModelDeployment,
  standing: Standing & { readonly stable: Stable },
): ModelDeployment {
  const { model, stable: _stable, canary: _canary, shadow: _shadow, previous, rejected, ...rest } = deployment.spec;
  const { stable, canary, shadow } = standing;
  const spec: ModelDeployment["spec"] = {
    model,
    stable,
    ...(canary ? { canary } : {}),
    ...(shadow ? { shadow } : {}),
    ...(previous || standing.previous.length > 0 ? { previous: [...standing.previous] } : {}),
    ...rest,
    ...(rejected || standing.rejected.length > 0 ? { rejected: [...standing.rejected] } : {}),
  };
  return { ...deployment, spec };
}

/** The document with one rejection more, and the standing that follows; null when nothing would be left to serve. */
export function withRejection(deployment: ModelDeployment, rejection: Rejection, now: string): ModelDeployment | null {
  const { spec } = deployment;
  const told = { ...deployment, spec: { ...spec, rejected: [...(spec.rejected ?? []), rejection] } };
  const standing = standingOf(told, now);
  return standing.stable === null ? null : withStanding(deployment, { ...standing, stable: standing.stable });
}

/** `previous` after `stable` took over from `old`: newest first, nobody twice, at most five. */
export function pushPrevious(previous: readonly number[], old: Stable | null, stable: number): readonly number[] {
  const versions = old === null ? previous : [old.version, ...previous];
  return [...new Set(versions)].filter((version) => version !== stable).slice(0, maxPrevious);
}

/** A model's first document in an environment. What it says of rollbacks is the default, and parts `rejected` from the rest. */
export function newDeployment(model: string, stable: Stable): ModelDeployment {
  return {
    apiVersion: "mmsp.dev/v1alpha1",
    kind: "ModelDeployment",
    metadata: { name: model },
    spec: { model, stable, rollback: { automatic: true } },
  };
}

/** Who answers how much, in percent, stable first. */
export function sharesOf(deployment: ModelDeployment | null): readonly Share[] {
  if (deployment === null) return [];
  const { stable, canary } = effective(deployment);
  const weight = canary === null ? 0 : stable === null ? 100 : canary.weight;
  return [
    ...(stable ? [{ version: stable.version, phase: "stable", percent: 100 - weight } as const] : []),
    ...(canary ? [{ version: canary.version, phase: "canary", percent: weight } as const] : []),
  ];
}
