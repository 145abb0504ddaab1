import { effective } from "../../../schemas/effective.ts";
import type { ModelDeployment, Rejection } from "../../../schemas/model-deployment.ts";
import { inPromotionOrder, type Tree } from "../../../schemas/tree.ts";
import { sharesOf } from "./standing.ts";

/** Where a version has a place: as what, in which environment. */
export interface VersionPlace {
  readonly environment: string;
  readonly as: "stable" | "canary" | "shadow" | "previous" | "rejected";
  /** Share of the traffic in percent: of stable and canary; null of what gets none. */
  readonly weight: number | null;
}

/** Every place that a version has, by environment. The effective document counts: a version that is rejected serves nowhere. */
export function placesOf(tree: Tree, model: string, version: number): readonly VersionPlace[] {
  return deploymentsOf(tree, model).flatMap(([environment, deployment]) => {
    const { shadow, previous } = effective(deployment);
    const served = sharesOf(deployment).filter((share) => share.version === version);
    const place = (as: VersionPlace["as"], weight: number | null = null) => ({ environment, as, weight });
    return [
      ...served.map(({ phase, percent }) => place(phase, percent)),
      ...(shadow?.version === version ? [place("shadow")] : []),
      ...(previous.includes(version) ? [place("previous")] : []),
      ...(rejectionsOf(deployment, version).length > 0 ? [place("rejected")] : []),
    ];
  });
}

/** When, by whom and why a version was taken out, by environment. */
export function rejectionsIn(
  tree: Tree,
  model: string,
  version: number,
): readonly (Rejection & { readonly environment: string })[] {
  return deploymentsOf(tree, model).flatMap(([environment, deployment]) =>
    rejectionsOf(deployment, version).map((entry) => ({ environment, ...entry })),
  );
}

function rejectionsOf({ spec }: ModelDeployment, version: number): readonly Rejection[] {
  return (spec.rejected ?? []).filter((entry) => entry.version === version);
}

/** The model's documents, by environment in the order of promotions. */
export function deploymentsOf(tree: Tree, model: string): readonly (readonly [string, ModelDeployment])[] {
  const order = inPromotionOrder(tree);
  return [...tree.deployments]
    .flatMap(([environment, models]) => {
      const deployment = models.get(model);
      return deployment === undefined ? [] : [[environment, deployment] as const];
    })
    .toSorted(([a], [b]) => order(a, b));
}

/** Every model that is registered or deployed, by name. */
export function modelsOf(tree: Tree): readonly string[] {
  const deployed = [...tree.deployments.values()].flatMap((models) => [...models.keys()]);
  return [...new Set([...tree.versions.keys(), ...deployed])].toSorted();
}
