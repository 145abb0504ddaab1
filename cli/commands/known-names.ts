import { ProblemError } from "../../schemas/problem.ts";
import { readTree } from "../../schemas/read-tree.ts";
import type { Tree } from "../../schemas/tree.ts";
import type { PlanState } from "../gitops/core/change.ts";
import { environmentProblems, modelProblems } from "../gitops/core/names.ts";
import type { Snapshot } from "../gitops/core/ports.ts";

/** What there is: documents that were read, or the names of their folders alone. */
type Known = { readonly tree: Tree } | Pick<Snapshot, "environmentNames" | "modelNames">;

/** Throws a ProblemError for a name that is nowhere: it is a slip of the pen, and no answer is worse than none. */
export function requireNames(
  known: Known,
  { model, environment }: { readonly model: string | null; readonly environment: string | null },
): void {
  const nothing = { tree: readTree(new Map()).tree, environmentNames: [], modelNames: [], proposals: [], now: "" };
  const state: PlanState = { ...nothing, ...known };
  const problems = [
    ...(environment === null || state.environmentNames.includes(environment)
      ? []
      : environmentProblems(state, environment)),
    ...(model === null || state.modelNames.includes(model) ? [] : modelProblems(state, model)),
  ];
  if (problems.length > 0) throw new ProblemError(problems);
}
