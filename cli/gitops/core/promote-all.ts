import { effective } from "../../../schemas/effective.ts";
import type { ModelDeployment } from "../../../schemas/model-deployment.ts";
import { modelOf, paths } from "../../../schemas/tree.ts";
import type { Problem } from "../../../schemas/problem.ts";
import type { Tree } from "../../../schemas/tree.ts";
import type { Change, PromoteCommand } from "./change.ts";

/** `promote --all`: every canary of an environment becomes stable; with `to`, all that is stable there goes on. */
export type PromoteAllCommand = Omit<PromoteCommand, "model" | "version">;

/** Changes of several models of one environment, which go together, and what stays as it is. */
export interface ChangeSet {
  readonly verb: "promote";
  readonly environment: string;
  readonly title: string;
  /** By model. */
  readonly changes: readonly Change[];
  readonly left: readonly LeftOut[];
  /** What whoever asked should know of where all of it goes, one line each. */
  readonly asides?: readonly string[];
}

/** A model that was meant and does not change. */
export interface LeftOut {
  readonly model: string;
  readonly version: number | null;
  /** One line. */
  readonly reason: string;
  /** Empty where nothing stands in the way: it is so already. */
  readonly problems: readonly Problem[];
}

/**
 * The promotions that `--all` stands for, by model: of each canary, also one that will be refused, so that it is told; with `to`
 * of each stable version that the target does not serve. `problems`: a document that cannot be read may hold a canary as well.
 */
export function promotionsOf(
  command: PromoteAllCommand,
  tree: Tree,
  problems: readonly Problem[],
): readonly PromoteCommand[] {
  const { environment, to } = command;
  const versions = new Map<string, number | null>(brokenIn(environment, problems).map((model) => [model, null]));
  for (const [model, deployment] of tree.deployments.get(environment) ?? []) {
    const version = to === null ? canaryOf(deployment) : goingTo(tree.deployments.get(to)?.get(model), deployment);
    if (version !== undefined) versions.set(model, version);
  }
  return [...versions]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([model, version]) => ({ ...command, model, version }));
}

/** Of the document, not the effective one: a rejected canary is to be told, not passed over. */
function canaryOf({ spec }: ModelDeployment): number | undefined {
  return spec.canary?.version;
}

/** null: nothing is stable, which the plan tells. undefined: the target serves it already. */
function goingTo(target: ModelDeployment | undefined, source: ModelDeployment): number | null | undefined {
  const version = effective(source).stable?.version ?? null;
  if (version === null || target === undefined) return version;
  const { stable, canary } = effective(target);
  return stable?.version === version || canary?.version === version ? undefined : version;
}

function brokenIn(environment: string, problems: readonly Problem[]): readonly string[] {
  return problems.flatMap(({ file = "" }) => {
    const model = modelOf(file);
    return model !== null && file.startsWith(`${paths.deploymentFolder(environment, model)}/`) ? [model] : [];
  });
}

/** Everything that is in the way of models that were left out, each once: a freeze stands in everybody's. */
export function problemsOf(left: readonly LeftOut[]): Problem[] {
  const problems = left
    .flatMap((entry) => entry.problems)
    .map((problem) => [JSON.stringify(problem), problem] as const);
  return [...new Map(problems).values()];
}

/** Of one change its own title; of several how many, and where to. */
export function titleOfAll(changes: readonly Change[]): string {
  const [first] = changes;
  if (first === undefined || changes.length === 1) return first?.title ?? "";
  const place = [...new Set(changes.flatMap(({ environment }) => environment ?? []))].join(" and ");
  return changes.every(makesStable)
    ? `Promote ${changes.length} canaries to stable in ${place}`
    : `Promote ${changes.length} versions to ${place}`;
}

function makesStable({ version, traffic }: Change): boolean {
  const [before, after] = [traffic.before, traffic.after].map((shares) =>
    shares.find((share) => share.version === version),
  );
  return before?.phase === "canary" && after?.phase === "stable";
}
