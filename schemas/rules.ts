import type { Slo } from "./fields.ts";
import type { Canary, ModelDeployment, Stable } from "./model-deployment.ts";
import type { Environment } from "./environment.ts";
import { formatPath, type DocumentPath } from "./document.ts";
import type { Problem } from "./problem.ts";
import type { Project } from "./project.ts";
import { paths, versionResource, type Tree } from "./tree.ts";

/** Evidence is untrusted text that ends in a pull request: 1 KiB in all. */
export const maxEvidenceBytes = 1024;

/** Folder names under environments/ and models/ that mean something else. */
export const reservedNames = ["registry", "kustomization", "platform", "models", "mmsp"] as const;

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

/** Canary weights of an environment, in order: its own, the project's, 10-50-100. */
export function stepsOf(environment: Environment | null, project: Project | null): readonly number[] {
  return environment?.spec.steps ?? project?.spec.defaults?.steps ?? [10, 50, 100];
}

/** Objectives with nothing left open but what nobody asked for. */
export interface Objectives {
  readonly errorRate: number;
  readonly latencyP95Ms?: number | undefined;
  readonly drift?: number | undefined;
  readonly minRequests: number;
  readonly windowSeconds: number;
}

/** The objectives in force: the deployment's, the environment's, the project's, and where nobody says, these. */
export function sloOf(
  deployment: ModelDeployment,
  environment: Environment | null,
  project: Project | null,
): Objectives {
  const slo: Slo = { ...project?.spec.defaults?.slo, ...environment?.spec.slo, ...deployment.spec.slo };
  const { errorRate = 0.01, minRequests = 20, windowSeconds = 60, latencyP95Ms, drift } = slo;
  return { errorRate, minRequests, windowSeconds, latencyP95Ms, drift };
}

/** `90s`, `15m`, `72h`, `7d` in milliseconds. */
export function durationMs(duration: string): number {
  const units: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  return Number(duration.slice(0, -1)) * (units[duration.slice(-1)] ?? Number.NaN);
}

/**
 * The rules that no schema can say, over everything in the tree; what the schemas say, `readTree` has checked.
 * Weights are within 0..100 by schema. A tree that was read in part is checked in part: versions are looked up only
 * for models whose registry is there, so give whole trees where the answer is to be trusted.
 */
export function checkTree(tree: Tree): Problem[] {
  const problems: Problem[] = [];
  for (const [model, versions] of tree.versions) {
    for (const [version, document] of versions)
      problems.push(...checkArtifact(paths.version(model, version), document.spec.artifact));
  }
  for (const [name, environment] of tree.environments) problems.push(...checkEnvironment(tree, name, environment));
  for (const [environment, models] of tree.deployments) {
    for (const deployment of models.values()) problems.push(...checkDeployment(tree, environment, deployment));
  }
  return problems;
}

function checkArtifact(
  file: string,
  artifact: { key?: string | undefined; uri?: string | undefined; sha256: string },
): Problem[] {
  const path = "spec.artifact";
  if ((artifact.key === undefined) === (artifact.uri === undefined)) {
    return [{ code: "artifact-place", file, path, message: "needs exactly one of key and uri" }];
  }
  if (artifact.key !== undefined && artifact.key.split("/")[1] !== artifact.sha256) {
    return [{ code: "artifact-digest", file, path, message: "key and sha256 name different digests" }];
  }
  return [];
}

function checkEnvironment(tree: Tree, name: string, environment: Environment): Problem[] {
  const problems: Problem[] = [];
  const file = paths.environment(name);
  if (reservedNames.some((reserved) => reserved === name)) {
    problems.push({
      code: "name-reserved",
      file,
      path: "metadata.name",
      message: `"${name}" cannot name an environment`,
    });
  }
  const { promotesTo, backend, artifactStore } = environment.spec;
  if (promotesTo !== undefined && !tree.environments.has(promotesTo)) {
    problems.push({
      code: "environment-unknown",
      file,
      path: "spec.promotesTo",
      message: `there is no environment "${promotesTo}"`,
    });
  }
  const store = artifactStore ?? tree.project?.spec.artifactStore;
  if (store !== undefined && backend !== "embedded" && !/^(s3|https):\/\//.test(store)) {
    problems.push({
      code: "store-not-reachable",
      file,
      path: "spec.artifactStore",
      message: `a cluster cannot read the store "${store}"`,
      hint: "use s3://bucket/prefix, or the embedded backend",
    });
  }
  return problems;
}

function checkDeployment(tree: Tree, environment: string, deployment: ModelDeployment): Problem[] {
  const { model, stable, canary, shadow, previous = [], rejected = [] } = deployment.spec;
  const file = paths.deployment(environment, model);
  const problems: Problem[] = [];
  const say = (code: string, path: DocumentPath, message: string, hint?: string): void =>
    void problems.push({ code, file, path: formatPath(["spec", ...path]), message, hint });

  if (reservedNames.some((name) => name === model)) say("name-reserved", ["model"], `"${model}" cannot name a model`);
  if (tree.environments.size > 0 && !tree.environments.has(environment)) {
    say("environment-unknown", [], `there is no ${paths.environment(environment)}`);
  }
  const named: readonly (readonly [DocumentPath, number])[] = [
    [["stable", "version"], stable.version],
    ...(canary ? [[["canary", "version"], canary.version] as const] : []),
    ...(shadow ? [[["shadow", "version"], shadow.version] as const] : []),
    ...previous.map((version, at) => [["previous", at], version] as const),
  ];
  for (const [path, version] of named) {
    if (!tree.versions.get(model)?.has(version)) {
      say(
        "version-unknown",
        path,
        `version ${version} of ${model} is not in the registry`,
        `mmsp register ${model} --version ${version}`,
      );
    }
    if (rejected.some((entry) => entry.version === version)) {
      say(
        "version-rejected",
        path,
        `version ${version} is rejected`,
        `mmsp deploy ${model} --version ${version} --force takes the rejection back`,
      );
    }
  }
  if (canary?.version === stable.version)
    say("canary-is-stable", ["canary", "version"], `version ${stable.version} is stable already`);
  if (new Set(previous).size !== previous.length || previous.includes(stable.version)) {
    say("previous-repeats", ["previous"], "names a version twice, or the stable one");
  }
  rejected.forEach((entry, at) => {
    const bytes = new TextEncoder().encode(
      Object.entries(entry.evidence ?? {})
        .flat()
        .join(""),
    ).length;
    if (bytes > maxEvidenceBytes)
      say("evidence-too-large", ["rejected", at, "evidence"], `has ${bytes} bytes, ${maxEvidenceBytes} are allowed`);
  });
  return problems.concat(checkKustomization(tree, environment, deployment));
}

function checkKustomization(tree: Tree, environment: string, deployment: ModelDeployment): Problem[] {
  const file = paths.deploymentKustomization(environment, deployment.spec.model);
  const expected = kustomizationResources(deployment);
  const actual = tree.kustomizations.get(file);
  const hint = `resources: [${expected.join(", ")}]`;
  if (actual === undefined)
    return [{ code: "kustomization-missing", file, message: "is not there, so Argo CD would apply nothing", hint }];
  const same = actual.length === expected.length && expected.every((resource) => actual.includes(resource));
  return same
    ? []
    : [
        {
          code: "kustomization-stale",
          file,
          path: "resources",
          message: "does not list the versions that are served",
          hint,
        },
      ];
}
