import type { Environment } from "./environment.ts";
import type { ModelDeployment } from "./model-deployment.ts";
import type { ModelVersion } from "./model-version.ts";
import type { Project } from "./project.ts";

/** The folder of the repository that holds all documents. */
export const root = "environments";

/** Where each document stands. The only home of these paths. */
export const paths = {
  project: `${root}/mmsp.yaml`,
  environment: (environment: string) => `${root}/${environment}/environment.yaml`,
  deploymentFolder: (environment: string, model: string) => `${root}/${environment}/models/${model}`,
  deployment: (environment: string, model: string) => `${root}/${environment}/models/${model}/deployment.yaml`,
  deploymentKustomization: (environment: string, model: string) =>
    `${root}/${environment}/models/${model}/kustomization.yaml`,
  versionFolder: (model: string, version: number) => `${root}/registry/${model}/${version}`,
  version: (model: string, version: number) => `${root}/registry/${model}/${version}/model-version.yaml`,
  versionKustomization: (model: string, version: number) => `${root}/registry/${model}/${version}/kustomization.yaml`,
} as const;

/** What a kustomization of a model folder refers to for each version served. */
export function versionResource(model: string, version: number): string {
  return `../../../registry/${model}/${version}`;
}

/** Documents of one state of the repository, or of the part of it that was read. */
export interface Tree {
  readonly project: Project | null;
  readonly environments: ReadonlyMap<string, Environment>;
  /** model -> version -> document */
  readonly versions: ReadonlyMap<string, ReadonlyMap<number, ModelVersion>>;
  /** environment -> model -> document */
  readonly deployments: ReadonlyMap<string, ReadonlyMap<string, ModelDeployment>>;
  /** path -> `resources` of each kustomization.yaml of a registry or model folder */
  readonly kustomizations: ReadonlyMap<string, readonly string[]>;
}

/**
 * Compares names of environments as versions go through them, by `promotesTo`: the more promotions are ahead, the earlier
 * (dev, staging, prod). By name where it is as many, as in a circle, and where nothing leads on.
 */
export function inPromotionOrder({ environments }: Pick<Tree, "environments">): (a: string, b: string) => number {
  const ahead = new Map<string, number>();
  for (const name of environments.keys()) {
    const passed = new Set<string>();
    for (let at: string | undefined = name; at !== undefined && !passed.has(at);) {
      passed.add(at);
      at = environments.get(at)?.spec.promotesTo;
    }
    ahead.set(name, passed.size);
  }
  return (a, b) => (ahead.get(b) ?? 1) - (ahead.get(a) ?? 1) || (a < b ? -1 : a > b ? 1 : 0);
}

/** What a file is by where it stands. Names are as the path has them, right or wrong. */
export type DocumentPlace =
  | { readonly kind: "project" }
  | { readonly kind: "environment"; readonly environment: string }
  | { readonly kind: "version"; readonly model: string; readonly version: string }
  | { readonly kind: "deployment"; readonly environment: string; readonly model: string }
  | { readonly kind: "kustomization" };

export type DocumentKind = DocumentPlace["kind"];

/** All of the kinds in one look, because thousands of paths are asked about. */
const documentFile = new RegExp(
  [
    `^${root}/(?:registry/(?<model>[^/]+)/(?<version>[^/]+)/(?<registered>model-version|kustomization)`,
    `(?<policyOf>[^/]+)/environment`,
    `(?<environment>[^/]+)/models/(?<deployed>[^/]+)/(?<applied>deployment|kustomization))\\.yaml$`,
  ].join("|"),
);

/** null for files that belong to no kind (a README, a platform overlay): they are left alone. */
export function placeOf(path: string): DocumentPlace | null {
  if (path === paths.project) return { kind: "project" };
  const found = documentFile.exec(path)?.groups;
  if (found === undefined) return null;
  const { model, version, registered, policyOf, environment, deployed, applied } = found;
  if (policyOf !== undefined) return { kind: "environment", environment: policyOf };
  if (registered === "model-version" && model !== undefined && version !== undefined) {
    return { kind: "version", model, version };
  }
  if (applied === "deployment" && environment !== undefined && deployed !== undefined) {
    return { kind: "deployment", environment, model: deployed };
  }
  return { kind: "kustomization" };
}

/** The path that a file would be read at: documents are called .yaml, and some people call theirs .yml. */
export function meantPath(path: string): string {
  return path.replace(/\.yml$/, ".yaml");
}

/** Whether a file holds one of the kinds. */
export function isDocument(path: string): boolean {
  return placeOf(path) !== null;
}

const modelFile = /^environments\/(?:registry|[^/]+\/models)\/([^/]+)\//;

/** The model whose document or folder this is; null for what all models share (the project, an environment's policy). */
export function modelOf(path: string): string | null {
  return modelFile.exec(path)?.[1] ?? null;
}
