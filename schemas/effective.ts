import type { Canary, ModelDeployment, Stable } from "./model-deployment.ts";
import { versionResource } from "./tree.ts";

/** What readers act on: the document with rejected versions taken out. */
export interface Effective {
  /** null when every stable version is rejected: there is nothing to serve. */
  readonly stable: { readonly version: number; readonly attempt: number | null } | null;
  readonly canary: Canary | null;
  readonly shadow: { readonly version: number; readonly percent: number } | null;
  /** Earlier stable versions that are not rejected, newest first, without the effective stable one. */
  readonly previous: readonly number[];
}

/**
 * Rejected versions taken out; stable is the first of stable and `previous` that is not rejected. A pull request that was
 * planned before a rollback can merge cleanly after it: what it says is then not what is served.
 * The attempt is null where an earlier version took over, because the document does not say which rollout that was.
 */
export function effective(deployment: ModelDeployment): Effective {
  const { spec } = deployment;
  const rejected = new Set((spec.rejected ?? []).map((entry) => entry.version));
  const candidates: readonly (Stable | { version: number; attempt: null })[] = [
    spec.stable,
    ...(spec.previous ?? []).map((version) => ({ version, attempt: null })),
  ];
  const [stable, ...previous] = candidates.filter((candidate) => !rejected.has(candidate.version));
  const canary = spec.canary;
  const shadow = spec.shadow;
  return {
    stable: stable === undefined ? null : { version: stable.version, attempt: stable.attempt },
    canary: canary === undefined || rejected.has(canary.version) || canary.version === stable?.version ? null : canary,
    shadow: shadow === undefined || rejected.has(shadow.version) ? null : shadow,
    previous: [...new Set(previous.map((entry) => entry.version))].filter((version) => version !== stable?.version),
  };
}

/** A version that the text names in a place which it does not have, because the same text rejects it. */
export interface PassedOver {
  readonly version: number;
  readonly as: "stable" | "canary" | "shadow" | "previous";
}

/** Where the text differs from what is served: readers pass over these until somebody writes down what is. */
export function passedOver({ spec }: ModelDeployment): readonly PassedOver[] {
  const { stable, canary, shadow, previous = [], rejected = [] } = spec;
  const named: readonly PassedOver[] = [
    { version: stable.version, as: "stable" },
    ...(canary ? [{ version: canary.version, as: "canary" } as const] : []),
    ...(shadow ? [{ version: shadow.version, as: "shadow" } as const] : []),
    ...previous.map((version) => ({ version, as: "previous" }) as const),
  ];
  return named.filter(({ version }) => rejected.some((entry) => entry.version === version));
}

/** What mends such a text, in words; readers act on the same before and after it. */
export function writesDownServed(model: string, version: number, environment: string): string {
  return `mmsp deploy ${model} --version ${version} --env ${environment} writes down what is served`;
}

/** Versions that are loaded and warm, ascending: stable, the one to fall back to, canary, shadow. */
export function servedSet(deployment: ModelDeployment): readonly number[] {
  const { stable, canary, shadow, previous } = effective(deployment);
  const versions = [stable?.version, previous[0], canary?.version, shadow?.version];
  return [...new Set(versions.filter((version) => version !== undefined))].toSorted((a, b) => a - b);
}

/** `resources` of a model folder's kustomization: the deployment, then each version served. */
export function kustomizationResources(deployment: ModelDeployment): readonly string[] {
  const { model } = deployment.spec;
  return ["deployment.yaml", ...servedSet(deployment).map((version) => versionResource(model, version))];
}

/** The highest attempt that the document names; 0 for none. `deploy` gives the next one. */
export function highestAttempt(deployment: ModelDeployment | null): number {
  if (deployment === null) return 0;
  const { stable, canary, rejected = [] } = deployment.spec;
  return Math.max(stable.attempt, canary?.attempt ?? 0, ...rejected.map((entry) => entry.attempt));
}
