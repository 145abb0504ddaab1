import type { ModelDeployment } from "../../../schemas/model-deployment.ts";
import type { ModelVersion } from "../../../schemas/model-version.ts";
import { kustomizationResources } from "../../../schemas/effective.ts";
import { paths, type Tree } from "../../../schemas/tree.ts";
import type { DocumentChange } from "./change.ts";

/** Fields that say when something was written; a difference in them alone is none. */
const timeFields = new Set(["since", "createdAt"]);

/** Same meaning: order of keys, absent or undefined, and times of writing do not count. */
export function sameDocument(left: unknown, right: unknown): boolean {
  if (!isObject(left) || !isObject(right)) return Object.is(left, right);
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  if (Array.isArray(left) && Array.isArray(right) && left.length !== right.length) return false;
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].every((key) => timeFields.has(key) || sameDocument(left[key], right[key]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

export function deploymentIn(tree: Tree, environment: string, model: string): ModelDeployment | null {
  return tree.deployments.get(environment)?.get(model) ?? null;
}

export function versionIn(tree: Tree, model: string, version: number | undefined): ModelVersion | null {
  return (version === undefined ? undefined : tree.versions.get(model)?.get(version)) ?? null;
}

/** The edits that make a model folder of an environment say `after`; those that would change nothing are left out. */
export function deploymentChanges(tree: Tree, environment: string, after: ModelDeployment): readonly DocumentChange[] {
  const { model } = after.spec;
  const before = deploymentIn(tree, environment, model);
  const kustomization = paths.deploymentKustomization(environment, model);
  return [
    ...(sameDocument(before, after) ? [] : [{ path: paths.deployment(environment, model), value: after }]),
    ...kustomizationChanges(tree, kustomization, kustomizationResources(after)),
  ];
}

/** A kustomization that is there keeps all but its `resources`; the order in it is people's. */
export function kustomizationChanges(tree: Tree, path: string, expected: readonly string[]): readonly DocumentChange[] {
  const actual = tree.kustomizations.get(path);
  const resources = [...expected];
  if (actual === undefined) {
    const value = { apiVersion: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization", resources };
    return [{ path, value }];
  }
  const same = actual.length === expected.length && expected.every((resource) => actual.includes(resource));
  return same ? [] : [{ path, value: { resources }, merge: true }];
}
