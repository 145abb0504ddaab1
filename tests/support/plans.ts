import { expect } from "bun:test";
import { applyDocuments } from "../../cli/gitops/core/apply-change.ts";
import type { Change, Command, Plan, PlanState } from "../../cli/gitops/core/change.ts";
import { plan } from "../../cli/gitops/core/plan.ts";
import type { ModelDeployment } from "../../schemas/model-deployment.ts";
import { checkTree } from "../../schemas/rules.ts";
import type { Tree } from "../../schemas/tree.ts";

/** The change that a command plans, and the tree after it; every rule holds for what was changed. */
export function changed(
  command: Command,
  state: PlanState,
): { change: Change; tree: Tree; deployment: ModelDeployment } {
  const made = plan(command, state);
  if (made.kind !== "change") throw new Error(`not a change: ${JSON.stringify(made, null, 2)}`);
  const tree = applyDocuments(state.tree, made);
  const folders = [`environments/registry/${made.model}/`, `environments/${made.environment}/models/${made.model}/`];
  expect(checkTree(tree).filter(({ file = "" }) => folders.some((folder) => file.startsWith(folder)))).toEqual([]);
  const deployment = tree.deployments.get(made.environment ?? "")?.get(made.model);
  return { change: made, tree, deployment: deployment as ModelDeployment };
}

/** `deploy`'s and the others' refusals as their codes, a skip as its reason. */
export function answer(made: Plan): string | string[] {
  if (made.kind === "refusal") return made.problems.map((problem) => problem.code);
  return made.kind === "skip" ? `skip: ${made.reason}` : "change";
}

/** Code, message and hint of a refusal, one problem a line. */
export function refusalText(made: Plan): string {
  if (made.kind !== "refusal") throw new Error(`not a refusal: ${made.kind}`);
  return made.problems.map(({ code, message, hint }) => `${code}: ${message} (${hint})`).join("\n");
}

/** `3@6:10 2@5 [1] -4@3`: canary with attempt and weight, stable with attempt, previous, rejected with attempt. */
export function summary({ spec }: ModelDeployment): string {
  const canary = spec.canary ? `${spec.canary.version}@${spec.canary.attempt}:${spec.canary.weight} ` : "";
  const rejected = (spec.rejected ?? []).map((entry) => ` -${entry.version}@${entry.attempt}`).join("");
  return `${canary}${spec.stable.version}@${spec.stable.attempt} [${(spec.previous ?? []).join(",")}]${rejected}`;
}
