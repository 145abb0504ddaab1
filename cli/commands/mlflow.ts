import type { MlflowOutput } from "../../schemas/output/mlflow.ts";
import { formatProblem, ProblemError, type Problem } from "../../schemas/problem.ts";
import { readTree } from "../../schemas/read-tree.ts";
import type { Command } from "../command.ts";
import type { Context } from "../context.ts";
import { reading, shared, UsageError, type Input } from "../flags.ts";
import type { Mlflow } from "../gitops/core/mlflow-port.ts";
import {
  mlflowModelsOf,
  planMlflowSync,
  type MlflowAction,
  type MlflowModelState,
  type SyncOptions,
} from "../gitops/core/mlflow-sync.ts";
import { OutsideError } from "../gitops/core/ports.ts";
import type { Outcome } from "../outcome.ts";
import type { Style } from "../style.ts";
import { requireNames } from "./known-names.ts";
import { readDocuments, validName } from "./target.ts";

/** Models that are asked for at once. */
const readers = 8;

export const mlflow: Command = {
  summary: "Tell MLflow's model registry what git says is served: sync",
  usage: "sync [NAME] [--env ENV] [--alias ALIAS] [--stages] [--dry-run]",
  details:
    "Gives the alias to the version that is stable, tags versions with what they are in each environment, and archives\n" +
    "those that the environment has rejected. For a workflow after a merge, or for you; run again, it has nothing to do.\n" +
    "$MLFLOW_TRACKING_URI names the server, $MLFLOW_TRACKING_TOKEN (or _USERNAME and _PASSWORD) who you are.",
  flags: {
    name: shared.name,
    env: { ...shared.env, help: "environment; default $MMSP_ENV, else prod" },
    alias: { type: "string", value: "ALIAS", help: "alias of the stable version; default champion" },
    stages: { type: "boolean", help: "the stage Production goes with the alias" },
    "dry-run": { ...shared.dryRun, help: "print what would change in MLflow; change nothing" },
    ...reading,
  },
  maxArgs: 2,
  examples: [
    "mmsp mlflow sync",
    "mmsp mlflow sync fraud --env prod --dry-run",
    "mmsp mlflow sync --env staging --alias challenger --repo acme/models",
  ],

  async run(input, context) {
    const options = optionsOf(input, context);
    const mlflow = await context.edges.openMlflow();
    const { tree, problems: broken } = readTree(await readDocuments(input, context));
    // A version whose deployment cannot be read may be served all the same.
    if (broken.length > 0) throw new ProblemError(broken);
    requireNames({ tree }, options);
    const names = mlflowModelsOf(tree, options);
    const { actions, notices } = planMlflowSync(tree, await readStates(mlflow, names), options);
    const said = { environment: options.environment, alias: options.alias, notices };
    if (input.on("dry-run") || actions.length === 0) {
      const status = actions.length === 0 ? "skipped" : "dry-run";
      return report({ ...said, status, actions, problems: [] }, names.length, context.style);
    }
    const { done, problems } = await apply(mlflow, actions);
    const status = problems.length === 0 ? "synced" : "failed";
    return report({ ...said, status, actions: done, problems }, names.length, context.style);
  },
};

function optionsOf(input: Input, context: Context): SyncOptions {
  const [verb, argument] = input.args;
  if (verb !== "sync")
    throw new UsageError(
      verb === undefined ? "what? mmsp mlflow sync" : `unknown command "${verb}"; did you mean sync?`,
    );
  const named = input.text("name");
  if (argument !== undefined && named !== undefined && argument !== named) {
    throw new UsageError(`the model is "${argument}" and --name "${named}": give one`);
  }
  const model = argument ?? named ?? null;
  const alias = input.text("alias") ?? "champion";
  // What MLflow would refuse, said before anything is changed.
  if (!/^[\w-]{1,255}$/.test(alias) || /^(latest|v\d+)$/i.test(alias)) {
    throw new UsageError(
      `--alias: "${alias}" cannot be an alias in MLflow: letters, digits, _ and -, not latest or v1`,
    );
  }
  return {
    environment: validName("environment", input.text("env") ?? (context.env["MMSP_ENV"] || "prod")),
    model: model === null ? null : validName("model", model),
    alias,
    stages: input.on("stages"),
  };
}

async function readStates(
  mlflow: Mlflow,
  names: readonly string[],
): Promise<ReadonlyMap<string, MlflowModelState | null>> {
  const states = new Map<string, MlflowModelState | null>();
  const left = [...names];
  const reader = async (): Promise<void> => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      states.set(name, await mlflow.readModel(name));
    }
  };
  await Promise.all(Array.from({ length: readers }, reader));
  return states;
}

/** One after the other, in the order of the plan. What stops it is told together with what was done before. */
async function apply(
  mlflow: Mlflow,
  actions: readonly MlflowAction[],
): Promise<{ readonly done: readonly MlflowAction[]; readonly problems: readonly Problem[] }> {
  const done: MlflowAction[] = [];
  for (const action of actions) {
    try {
      await mlflow.apply(action);
      done.push(action);
    } catch (error) {
      if (done.length === 0) throw error;
      if (error instanceof ProblemError) return { done, problems: error.problems };
      if (!(error instanceof OutsideError)) throw error;
      const code = error.retryable ? "outside-retryable" : "outside";
      return { done, problems: [{ code, message: error.message, hint: `${error.hint}; then run it again` }] };
    }
  }
  return { done, problems: [] };
}

function report(json: MlflowOutput, models: number, style: Style): Outcome {
  const { status, environment, actions, notices, problems } = json;
  const mark = status === "dry-run" ? "would" : style.green("✓");
  const nothing =
    models === 0
      ? `no model that ${environment} serves has a version from MLflow's registry`
      : notices.length > 0
        ? "the rest of MLflow says what git says"
        : `MLflow says what git says of ${environment}`;
  const lines = [
    ...(actions.length === 0 ? [`${style.dim("nothing to do:")} ${nothing}`] : []),
    ...actions.map((action) => `${mark} ${sentence(action)} ${style.dim(`(${action.because})`)}`),
    ...notices.map((notice) => `  ${style.yellow("note:")} ${notice}`),
    ...problems.map((problem) => `${style.red("error:")} ${formatProblem(problem)}`),
  ];
  return { kind: "report", text: `${lines.join("\n")}\n`, json, ok: problems.length === 0 };
}

function sentence(action: MlflowAction): string {
  const place = `${action.model} ${action.version}`;
  switch (action.kind) {
    case "set-alias":
      return `give ${place} the alias ${action.alias}${action.from === null ? "" : `, which ${action.from} had`}`;
    case "remove-alias":
      return `take the alias ${action.alias} from ${place}`;
    case "set-stage":
      return `move ${place} from the stage ${action.from} to ${action.stage}`;
    case "set-tag":
      return `tag ${place} with ${action.key}=${action.value}`;
    case "remove-tag":
      return `remove the tag ${action.key} of ${place}`;
  }
}
