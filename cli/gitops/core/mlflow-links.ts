import { effective } from "../../../schemas/effective.ts";
import type { ModelDeployment } from "../../../schemas/model-deployment.ts";
import type { Tree } from "../../../schemas/tree.ts";

/** A version in mmsp's registry that came from a registered one in MLflow. */
export interface Link {
  readonly model: string;
  readonly version: number;
  readonly mlflow: { readonly model: string; readonly version: number };
}

/** What a version is in an environment. */
export interface Role {
  readonly kind: "stable" | "canary" | "rejected";
  /** mmsp's model, under whose name it is that. */
  readonly model: string;
  /** Of a rejection. */
  readonly reason: string;
}

/** By environment; where it is nothing, there is no entry. */
export type Roles = ReadonlyMap<string, Role>;

/** Versions that came from MLflow, of the models that the environment has a deployment of. */
export function linksOf(tree: Tree, of: { readonly environment: string; readonly model: string | null }): Link[] {
  const deployed = [...(tree.deployments.get(of.environment)?.keys() ?? [])].toSorted();
  return deployed
    .filter((model) => (of.model ?? model) === model)
    .flatMap((model) =>
      [...(tree.versions.get(model) ?? [])].flatMap(([version, { spec }]) => {
        const mlflow = spec.provenance.mlflowVersion;
        return mlflow === undefined ? [] : [{ model, version, mlflow }];
      }),
    );
}

/**
 * What each version of MLflow is in each environment. Several of mmsp's may come from one: it is what serves most, so that what
 * is rejected under one name and served under another counts as served.
 */
export function rolesIn(tree: Tree): (mlflow: Link["mlflow"]) => Roles {
  const all = new Map<string, Map<string, Role>>();
  for (const [environment, deployments] of tree.deployments) {
    for (const [model, deployment] of deployments) {
      for (const [version, { spec }] of tree.versions.get(model) ?? []) {
        const origin = spec.provenance.mlflowVersion;
        const role = origin === undefined ? null : roleOf(deployment, version);
        if (origin === undefined || role === null) continue;
        const roles = all.get(keyOf(origin)) ?? new Map<string, Role>();
        const known = roles.get(environment);
        if (known === undefined || rank[role.kind] < rank[known.kind]) roles.set(environment, role);
        all.set(keyOf(origin), roles);
      }
    }
  }
  return (mlflow) => all.get(keyOf(mlflow)) ?? new Map();
}

function keyOf({ model, version }: Link["mlflow"]): string {
  return `${version} ${model}`;
}

const rank = { stable: 0, canary: 1, rejected: 2 } as const;

function roleOf(deployment: ModelDeployment, version: number): Role | null {
  const { model } = deployment.spec;
  const { stable, canary } = effective(deployment);
  if (stable?.version === version) return { kind: "stable", model, reason: "" };
  if (canary?.version === version) return { kind: "canary", model, reason: "" };
  const rejection = (deployment.spec.rejected ?? []).findLast((entry) => entry.version === version);
  return rejection === undefined ? null : { kind: "rejected", model, reason: rejection.reason };
}
