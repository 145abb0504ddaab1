import type { ModelDeployment } from "../../../schemas/model-deployment.ts";
import type { ModelVersion } from "../../../schemas/model-version.ts";
import { paths, type Tree } from "../../../schemas/tree.ts";
import type { Change } from "./change.ts";

/** The tree after a change, as if it had been written and read again: what rendering is verified against. */
export function applyDocuments(
  tree: Tree,
  change: Pick<Change, "documents" | "environment" | "model" | "version">,
): Tree {
  const { environment, model, version } = change;
  const versions = new Map(tree.versions);
  const deployments = new Map(tree.deployments);
  const kustomizations = new Map(tree.kustomizations);
  for (const { path, value } of change.documents) {
    if (path === paths.version(model, version)) {
      versions.set(model, withEntry(versions.get(model), version, value as ModelVersion | null));
    } else if (environment !== null && path === paths.deployment(environment, model)) {
      deployments.set(environment, withEntry(deployments.get(environment), model, value as ModelDeployment | null));
    } else if (value === null) {
      kustomizations.delete(path);
    } else {
      kustomizations.set(path, (value as { resources: readonly string[] }).resources);
    }
  }
  return { ...tree, versions, deployments, kustomizations };
}

function withEntry<K, V>(map: ReadonlyMap<K, V> | undefined, key: K, value: V | null): ReadonlyMap<K, V> {
  const next = new Map(map);
  if (value === null) next.delete(key);
  else next.set(key, value);
  return next;
}
