import { sloOf } from "../../../schemas/defaults.ts";
import { effective, passedOver } from "../../../schemas/effective.ts";
import type { ModelDeployment, Rejection } from "../../../schemas/model-deployment.ts";
import { paths, type Tree } from "../../../schemas/tree.ts";
import { leafChanges, type LeafChange } from "./values.ts";

/** Something that two states of the documents say differently, in terms of models. */
export interface Difference {
  /** null: of the registry or the project. */
  readonly environment: string | null;
  /** null: of an environment's policy or the project. */
  readonly model: string | null;
  /** Of a registered version. */
  readonly version: number | null;
  /** `stable`, `canary 3`, `slo.errorRate`... */
  readonly what: string;
  /** null: there was nothing, or is nothing any more. */
  readonly from: string | null;
  readonly to: string | null;
}

/** What a model has in two environments that should say the same, or should not. */
export interface EnvironmentDifference {
  readonly model: string;
  readonly what: string;
  /** In the order of the environments; null: not there. */
  readonly values: readonly [string | null, string | null];
}

type Place = Pick<Difference, "environment" | "model" | "version">;

/**
 * Everything that changes from one state of the documents to another: models first, then the registry and the policy. `order`:
 * of environments, whose policies the states need not hold where they are alike.
 */
export function diffTrees(before: Tree, after: Tree, order = byKey<string>): readonly Difference[] {
  const deployments = pairsOf(before.deployments, after.deployments, order).flatMap(([environment, left, right]) =>
    pairsOf(left ?? new Map(), right ?? new Map()).flatMap(([model, from, to]) =>
      diffDeployments({ environment, model, version: null }, from, to),
    ),
  );
  const versions = pairsOf(before.versions, after.versions).flatMap(([model, left, right]) =>
    pairsOf(left ?? new Map(), right ?? new Map()).flatMap(([version, from, to]) => {
      const place = { environment: null, model, version };
      if (from !== null && to !== null) return placed(place, leafChanges(from.spec, to.spec));
      const digest = (document: typeof from) => (document === null ? null : `sha256:${document.spec.artifact.sha256}`);
      return [{ ...place, what: "registered", from: digest(from), to: digest(to) }];
    }),
  );
  const environments = pairsOf(before.environments, after.environments, order).flatMap(([environment, from, to]) => {
    const place = { environment, model: null, version: null };
    if (from !== null && to !== null) return placed(place, leafChanges(from.spec, to.spec));
    return [{ ...place, what: "environment", from: from?.spec.backend ?? null, to: to?.spec.backend ?? null }];
  });
  const nowhere = { environment: null, model: null, version: null };
  const project = placed(nowhere, leafChanges(before.project?.spec ?? {}, after.project?.spec ?? {}));
  const models = [...deployments, ...versions];
  return [...models, ...kustomizationChanges(before, after, models), ...environments, ...project];
}

/** Kustomizations follow from documents: one that changes alone is worth a word. */
function kustomizationChanges(before: Tree, after: Tree, told: readonly Difference[]): readonly Difference[] {
  const covered = new Set(told.map(kustomizationOf));
  const listed = (resources: readonly string[] | null) => resources?.toSorted() ?? null;
  return pairsOf(before.kustomizations, after.kustomizations)
    .filter(([path]) => !covered.has(path))
    .flatMap(([path, from, to]) => {
      const [, folder = "", models = "", name = ""] = path.split("/");
      const isDeployment = models === "models";
      const place = { environment: isDeployment ? folder : null, model: isDeployment ? name : models };
      const version = isDeployment ? null : Number(name);
      return placed({ ...place, version }, leafChanges(listed(from), listed(to), "kustomization"));
    });
}

function kustomizationOf({ environment, model, version }: Difference): string {
  if (model === null) return "";
  return version === null
    ? paths.deploymentKustomization(environment ?? "", model)
    : paths.versionKustomization(model, version);
}

function diffDeployments(
  place: Place,
  from: ModelDeployment | null,
  to: ModelDeployment | null,
): readonly Difference[] {
  if (from === null || to === null) {
    return [{ ...place, what: "deployment", from: servingOf(from), to: servingOf(to) }];
  }
  const rest = leafChanges(settingsOf(from), settingsOf(to));
  const found = placed(place, [...servingChanges(from, to), ...rejectionChanges(from, to), ...rest]);
  // Whatever else the text says differently is not to be passed over in silence.
  return found.length > 0 ? found : placed(place, leafChanges(from.spec, to.spec));
}

function servingChanges(from: ModelDeployment, to: ModelDeployment): readonly LeafChange[] {
  const [old, now] = [effective(from), effective(to)];
  const stable = leafChanges(old.stable?.version, now.stable?.version, "stable");
  const previous = leafChanges(old.previous, now.previous, "previous");
  const shadow = leafChanges(shadowOf(old.shadow), shadowOf(now.shadow), "shadow");
  const named = leafChanges(passedOverIn(from), passedOverIn(to), "named though rejected");
  if (old.canary !== null && old.canary.version === now.canary?.version) {
    const weight = leafChanges(`${old.canary.weight} %`, `${now.canary.weight} %`, `canary ${now.canary.version}`);
    return [...stable, ...weight, ...shadow, ...previous, ...named];
  }
  return [...stable, ...leafChanges(canaryOf(from), canaryOf(to), "canary"), ...shadow, ...previous, ...named];
}

function rejectionChanges(from: ModelDeployment, to: ModelDeployment): readonly LeafChange[] {
  const [old, now] = [from.spec.rejected ?? [], to.spec.rejected ?? []];
  const lacks = (entries: readonly Rejection[]) => (entry: Rejection) =>
    !entries.some(
      ({ version, attempt, at }) => version === entry.version && attempt === entry.attempt && at === entry.at,
    );
  return [
    ...now.filter(lacks(old)).map((entry) => ({ path: `rejected ${entry.version}`, from: null, to: verdictOf(entry) })),
    ...old.filter(lacks(now)).map((entry) => ({ path: `rejected ${entry.version}`, from: verdictOf(entry), to: null })),
  ];
}

function verdictOf({ by, reason }: Rejection): string {
  return `by ${by}: ${reason}`;
}

/** What people set beside what is served. */
function settingsOf({ spec, metadata }: ModelDeployment): object {
  const { routing, slo, rollback, serving, lock } = spec;
  const { labels, annotations } = metadata;
  return { slo, routing, rollback, serving, lock, labels, annotations };
}

function servingOf(deployment: ModelDeployment | null): string | null {
  if (deployment === null) return null;
  const { stable } = effective(deployment);
  const canary = canaryOf(deployment);
  const first = stable === null ? "no stable version" : `stable ${stable.version}`;
  return canary === null ? first : `${first}, canary ${canary}`;
}

function canaryOf(deployment: ModelDeployment | null): string | null {
  const canary = deployment === null ? null : effective(deployment).canary;
  return canary === null ? null : `${canary.version} at ${canary.weight} %`;
}

/** `stable 3`: what a stale plan has left in the text, and nobody serves. */
function passedOverIn(deployment: ModelDeployment): string | null {
  return (
    passedOver(deployment)
      .map(({ version, as }) => `${as} ${version}`)
      .join(", ") || null
  );
}

function shadowOf(shadow: { readonly version: number; readonly percent: number } | null): string | null {
  return shadow === null ? null : `${shadow.version} with ${shadow.percent} %`;
}

/**
 * Where two environments of one state differ: versions, weights, objectives in force, and settings; by model. Of a model that
 * only one of them has, what serves there.
 */
export function diffEnvironments(tree: Tree, left: string, right: string): readonly EnvironmentDifference[] {
  const deploymentsOf = (name: string) => tree.deployments.get(name) ?? new Map<string, ModelDeployment>();
  return pairsOf(deploymentsOf(left), deploymentsOf(right)).flatMap(([model, from, to]) => {
    const facts = from === null || to === null ? servingFacts : allFacts(tree);
    return leafChanges(facts(from, left), facts(to, right)).map((change) => {
      return { model, what: change.path, values: [change.from, change.to] as const };
    });
  });
}

function servingFacts(deployment: ModelDeployment | null) {
  if (deployment === null) return null;
  const { stable, shadow } = effective(deployment);
  return { stable: stable?.version ?? "none", canary: canaryOf(deployment), shadow: shadowOf(shadow) };
}

const allFacts = (tree: Tree) => (deployment: ModelDeployment | null, environment: string) => {
  if (deployment === null) return null;
  const { routing, rollback, serving, lock } = deployment.spec;
  const slo = { ...sloOf(deployment, tree.environments.get(environment) ?? null, tree.project) };
  return { ...servingFacts(deployment), slo, routing, rollback, serving, lock: lock?.reason };
};

function placed(place: Place, changes: readonly LeafChange[]): readonly Difference[] {
  return changes.map(({ path, from, to }) => ({ ...place, what: path, from, to }));
}

/** The entries of two maps side by side, in the order of their keys, or in that of `order`. */
function pairsOf<K extends string | number, V>(
  left: ReadonlyMap<K, V>,
  right: ReadonlyMap<K, V>,
  order: (a: K, b: K) => number = byKey,
): readonly (readonly [K, V | null, V | null])[] {
  const keys = [...new Set([...left.keys(), ...right.keys()])];
  return keys.toSorted(order).map((key) => [key, left.get(key) ?? null, right.get(key) ?? null] as const);
}

function byKey<K extends string | number>(a: K, b: K): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
