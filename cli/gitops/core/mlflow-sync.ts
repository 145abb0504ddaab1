import { oneLine } from "../../../schemas/plain-text.ts";
import type { Tree } from "../../../schemas/tree.ts";
import { linksOf, rolesIn, type Roles } from "./mlflow-links.ts";
import type { MlflowVersion } from "./mlflow-provenance.ts";
import { isToArchive, moveOf, type Move } from "./mlflow-stage.ts";
import type { Stage } from "./mlflow-uri.ts";

/** What MLflow's registry says of a model now. */
export interface MlflowModelState {
  readonly aliases: ReadonlyMap<string, number>;
  readonly versions: ReadonlyMap<number, MlflowVersion>;
}

/** One call that brings MLflow nearer to what git says; making it twice changes nothing more. */
export type MlflowAction = {
  /** MLflow's names. */
  readonly model: string;
  readonly version: number;
  /** For people: `fraud 3 is stable in prod`. */
  readonly because: string;
} & (
  | { readonly kind: "set-alias"; readonly alias: string; readonly from: number | null }
  | { readonly kind: "remove-alias"; readonly alias: string }
  | { readonly kind: "set-stage"; readonly stage: Stage; readonly from: string }
  | { readonly kind: "set-tag"; readonly key: string; readonly value: string }
  | { readonly kind: "remove-tag"; readonly key: string }
);

export interface SyncOptions {
  /** Whose stable version gets the alias, and whose rejected ones are archived. */
  readonly environment: string;
  /** Only what versions of this model come from; null: of all that the environment has a deployment of. */
  readonly model: string | null;
  readonly alias: string;
  /** Whether the stable version is to be in the stage Production as well. */
  readonly stages: boolean;
}

export interface SyncPlan {
  /** Empty: MLflow says what git says. */
  readonly actions: readonly MlflowAction[];
  /** What could not be brought to agree, and why. */
  readonly notices: readonly string[];
}

/** Tells that a version was taken out, where and why. */
const rejectedTag = "mmsp.rejected";

/** Names the environment that a version was archived for: what people have archived stays so. */
const archivedTag = "mmsp.archived";

/** Followed by an environment's name: what the version is there. */
const environmentTag = "mmsp.environment.";

/** Names of the registered models in MLflow that a plan has to know the state of. */
export function mlflowModelsOf(tree: Tree, options: Pick<SyncOptions, "environment" | "model">): readonly string[] {
  return [...new Set(linksOf(tree, options).map(({ mlflow }) => mlflow.model))].toSorted();
}

/**
 * What to change in MLflow so that it says what git says: the alias (and stage) on the stable version, what each version is in
 * each environment as tags, and versions that the environment has rejected archived. `states`: by MLflow's name, null where it
 * has no such model. What only people have set stays: other aliases, other tags, versions that git does not know.
 */
export function planMlflowSync(
  tree: Tree,
  states: ReadonlyMap<string, MlflowModelState | null>,
  options: SyncOptions,
): SyncPlan {
  const links = linksOf(tree, { ...options, model: null });
  const rolesOf = rolesIn(tree);
  const plans = mlflowModelsOf(tree, options).map((name): SyncPlan => {
    const state = states.get(name) ?? null;
    if (state === null) return { actions: [], notices: [`MLflow has no registered model "${name}" any more`] };
    const versions = new Map<number, Placed>();
    for (const link of links.filter(({ mlflow }) => mlflow.model === name)) {
      const { version } = link.mlflow;
      const named = versions.get(version)?.named ?? `${link.model} ${link.version}`;
      versions.set(version, { named, roles: rolesOf(link.mlflow) });
    }
    return planModel({ name, state, versions, environments: [...tree.environments.keys()] }, options);
  });
  return { actions: plans.flatMap(({ actions }) => actions), notices: plans.flatMap(({ notices }) => notices) };
}

interface Placed {
  /** `fraud 3`: a version that came from it. */
  readonly named: string;
  readonly roles: Roles;
}

interface ModelSync {
  readonly name: string;
  readonly state: MlflowModelState;
  /** By MLflow's number. */
  readonly versions: ReadonlyMap<number, Placed>;
  readonly environments: readonly string[];
}

function planModel(sync: ModelSync, options: SyncOptions): SyncPlan {
  const { name, state, versions } = sync;
  const gone = [...versions.keys()].filter((version) => !state.versions.has(version));
  const alias = planAlias(sync, options);
  const actions = [...versions].flatMap(([version, placed]) => {
    const now = state.versions.get(version);
    return now === undefined ? [] : [...planStage(now, placed, options), ...planTags(now, placed, sync.environments)];
  });
  return {
    actions: [...alias.actions, ...actions],
    notices: [...gone.map((version) => `MLflow has no version ${version} of "${name}" any more`), ...alias.notices],
  };
}

/** The alias follows the stable version. It is taken away only from a version that the environment has rejected. */
function planAlias({ name, state, versions }: ModelSync, { environment, alias }: SyncOptions): SyncPlan {
  const stable = [...versions].flatMap(([version, { named, roles }]) => {
    const role = roles.get(environment);
    return role?.kind === "stable" && state.versions.has(version) ? [{ version, named, by: role.model }] : [];
  });
  const from = state.aliases.get(alias) ?? null;
  const [wanted, other] = stable;
  if (wanted !== undefined && other !== undefined) {
    const both = stable.map(({ by, version }) => `${by} serves ${version}`).join(", ");
    return { actions: [], notices: [`"${alias}" of "${name}" was left as it is: in ${environment} ${both}`] };
  }
  if (wanted !== undefined) {
    const { version, named } = wanted;
    const because = `${named} is stable in ${environment}`;
    const actions =
      from === version ? [] : [{ kind: "set-alias", model: name, version, alias, from, because } as const];
    return { actions, notices: [] };
  }
  const held = from === null ? undefined : versions.get(from);
  if (from === null || held === undefined) return { actions: [], notices: [] };
  if (held.roles.get(environment)?.kind !== "rejected") {
    const notice = `"${alias}" of "${name}" was left at ${from}: ${environment} serves no version of it as stable`;
    return { actions: [], notices: [notice] };
  }
  const because = `${held.named} is rejected in ${environment}`;
  return { actions: [{ kind: "remove-alias", model: name, version: from, alias, because }], notices: [] };
}

/** What is rejected and served nowhere is archived, and leaves the archive when that ends; with `stages`, Production is stable. */
function planStage(now: MlflowVersion, { named, roles }: Placed, options: SyncOptions): MlflowAction[] {
  const { environment } = options;
  const { model, version, stage: from, tags } = now;
  const isOurs = tags.get(archivedTag) === environment;
  const moved = ({ stage, why }: Move): MlflowAction[] =>
    stage === from ? [] : [{ kind: "set-stage", model, version, stage, from, because: `${named} ${why}` }];
  if (isToArchive(roles, environment)) {
    if (from === "Archived") return [];
    const because = "so that it leaves the archive if it is deployed again";
    // Before it is archived: what stops in between goes on from here.
    const tag = { kind: "set-tag", model, version, key: archivedTag, value: environment, because } as const;
    return [...(isOurs ? [] : [tag]), ...moved({ stage: "Archived", why: `is rejected in ${environment}` })];
  }
  const move = moveOf(from, isOurs, roles, options);
  const because = "it is not archived any more";
  const untagged = { kind: "remove-tag", model, version, key: archivedTag, because } as const;
  return [...(move === null ? [] : moved(move)), ...(isOurs ? [untagged] : [])];
}

/** Only tags of environments that this repository has: another one may tag the same versions. */
function planTags(now: MlflowVersion, { named, roles }: Placed, environments: readonly string[]): MlflowAction[] {
  const { model, version, tags } = now;
  const rejections = [...roles].flatMap(([environment, { kind, reason }]) =>
    kind === "rejected" ? [`${environment}: ${reason}`] : [],
  );
  const wanted = new Map<string, string | null>([
    ...environments.map((environment) => [environmentTag + environment, roles.get(environment)?.kind ?? null] as const),
    [rejectedTag, rejections.length === 0 ? null : oneLine(rejections.join("; "))],
  ]);
  return [...wanted].flatMap(([key, value]): MlflowAction[] => {
    if (value !== null && tags.get(key) !== value) {
      return [{ kind: "set-tag", model, version, key, value, because: `so git says of ${named}` }];
    }
    if (value !== null || !tags.has(key)) return [];
    return [{ kind: "remove-tag", model, version, key, because: `git does not say so of ${named} any more` }];
  });
}
