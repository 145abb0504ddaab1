import { ProblemError } from "../../schemas/problem.ts";
import type { Context } from "../context.ts";
import type { Input } from "../flags.ts";
import type { HistorySource } from "../gitops/core/history-port.ts";
import { environmentProblems, modelProblems } from "../gitops/core/names.ts";
import type { Snapshot } from "../gitops/core/ports.ts";
import { baseBranchOf, checkBranch, remoteOf } from "./target.ts";

type Names = Pick<Snapshot, "environmentNames" | "modelNames">;

/** The past of the branch that `--repo` or the clone names. */
export async function historyFrom(input: Input, context: Context): Promise<HistorySource> {
  if (input.text("repo") !== undefined) return context.edges.openHistory(await remoteOf(input, context));
  const { root } = context.edges.findTree(context.cwd);
  const base = input.text("base");
  if (base !== undefined) checkBranch(base);
  return context.edges.openHistory({ root, baseBranch: base ?? (await baseBranchOf(context)) });
}

/** Throws a ProblemError where there is no such model or environment: a slip of the pen, and no empty answer. */
export async function requireNames(
  input: Input,
  context: Context,
  { model, environment }: { readonly model: string; readonly environment: string | null },
): Promise<void> {
  const names = await namesOf(input, context);
  const tree = { project: null, environments: new Map(), versions: new Map(), deployments: new Map() };
  const state = { ...names, tree: { ...tree, kustomizations: new Map() }, proposals: [], now: "" };
  const problems = [
    ...(environment === null || names.environmentNames.includes(environment)
      ? []
      : environmentProblems(state, environment)),
    ...(names.modelNames.includes(model) ? [] : modelProblems(state, model)),
  ];
  if (problems.length > 0) throw new ProblemError(problems);
}

async function namesOf(input: Input, context: Context): Promise<Names> {
  const scope = { models: [], environments: [] };
  if (input.text("repo") === undefined) return context.edges.findTree(context.cwd).read(scope);
  return (await context.edges.openForge(await remoteOf(input, context))).read(scope);
}
