import { oneLine } from "../../../schemas/plain-text.ts";
import type { Tree } from "../../../schemas/tree.ts";
import { linksOf, rolesIn, type Link, type Roles } from "./mlflow-links.ts";
import type { MlflowVersion } from "./mlflow-provenance.ts";
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

/** Tells that a version was taken out, where and why. What was archived for it is known by it. */
const rejectedTag = "mmsp.rejected";

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
      versions.set(version, { link: versions.get(version)?.link ?? link, roles: rolesOf(link.mlflow) });
    }
    return planModel({ name, state, versions, environments: [...tree.environments.keys()] }, options);
  });
  return { actions: plans.flatMap(({ actions }) => actions), notices: plans.flatMap(({ notices }) => notices) };
}

interface Placed {
  readonly link: Link;
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
  const present = [...versions].filter(([version]) => state.versions.has(version));
  const stable = present.filter(([, { roles }]) => roles.get(environment)?.kind === "stable");
  const from = state.aliases.get(alias) ?? null;
  const [first, second] = stable;
  if (first !== undefined && second !== undefined) {
    const both = stable.map(([version, { link }]) => `${link.model} serves ${version}`).join(", ");
    return { actions: [], notices: [`"${alias}" of "${name}" was left as it is: in ${environment} ${both}`] };
  }
  if (first !== undefined) {
    const [version, { link }] = first;
    if (from === version) return { actions: [], notices: [] };
    const because = `${link.model} ${link.version} is stable in ${environment}`;
    return { actions: [{ kind: "set-alias", model: name, version, alias, from, because }], notices: [] };
  }
  const held = from === null ? undefined : versions.get(from);
  if (from === null || held === undefined) return { actions: [], notices: [] };
  const { link, roles } = held;
  if (roles.get(environment)?.kind !== "rejected") {
    const notice = `"${alias}" of "${name}" was left at ${from}: ${environment} serves no version of it as stable`;
    return { actions: [], notices: [notice] };
  }
  const because = `${link.model} ${link.version} is rejected in ${environment}`;
  return { actions: [{ kind: "remove-alias", model: name, version: from, alias, because }], notices: [] };
}

function planStage(now: MlflowVersion, { link, roles }: Placed, options: SyncOptions): MlflowAction[] {
  const wanted = wantedStage(now, roles, options);
  if (wanted === null || wanted.stage === now.stage) return [];
  const because = `${link.model} ${link.version} ${wanted.because}`;
  const { model, version, stage: from } = now;
  return [{ kind: "set-stage", model, version, stage: wanted.stage, from, because }];
}

function wantedStage(
  now: MlflowVersion,
  roles: Roles,
  { environment, stages }: SyncOptions,
): { readonly stage: Stage; readonly because: string } | null {
  const here = roles.get(environment)?.kind;
  const server = [...roles].find(([, { kind }]) => kind !== "rejected")?.[0];
  if (stages && here === "stable") return { stage: "Production", because: `is stable in ${environment}` };
  if (here === "rejected" && server === undefined)
    return { stage: "Archived", because: `is rejected in ${environment}` };
  if (stages && now.stage === "Production") {
    const because = `is not stable in ${environment} any more`;
    return { stage: server === undefined ? "Archived" : "None", because };
  }
  // Archived for a rejection that is none any more: somebody has deployed it again.
  if (now.stage !== "Archived" || !now.tags.has(rejectedTag)) return null;
  if (server !== undefined) return { stage: "None", because: `is served in ${server}` };
  return [...roles.values()].some(({ kind }) => kind === "rejected")
    ? null
    : { stage: "None", because: "is not rejected any more" };
}

/** Only tags of environments that this repository has: another one may tag the same versions. */
function planTags(now: MlflowVersion, { link, roles }: Placed, environments: readonly string[]): MlflowAction[] {
  const { model, version, tags } = now;
  const rejections = [...roles].flatMap(([environment, { kind, reason }]) =>
    kind === "rejected" ? [`${environment}: ${reason}`] : [],
  );
  const wanted = new Map<string, string | null>([
    ...environments.map((environment) => [environmentTag + environment, roles.get(environment)?.kind ?? null] as const),
    [rejectedTag, rejections.length === 0 ? null : oneLine(rejections.join("; "))],
  ]);
  const named = `${link.model} ${link.version}`;
  return [...wanted].flatMap(([key, value]): MlflowAction[] => {
    if (value !== null && tags.get(key) !== value) {
      return [{ kind: "set-tag", model, version, key, value, because: `so git says of ${named}` }];
    }
    if (value !== null || !tags.has(key)) return [];
    return [{ kind: "remove-tag", model, version, key, because: `git does not say so of ${named} any more` }];
  });
}
