import type { Context } from "../context.ts";
import type { Input } from "../flags.ts";
import type { HistorySource } from "../gitops/core/history-port.ts";
import type { Snapshot } from "../gitops/core/ports.ts";
import { baseBranchOf, checkBranch, remoteOf } from "./remote.ts";

type Names = Pick<Snapshot, "environmentNames" | "modelNames">;

/** The past of the branch that `--repo` or the clone names. */
export async function historyFrom(input: Input, context: Context): Promise<HistorySource> {
  if (input.text("repo") !== undefined) return context.edges.openHistory(await remoteOf(input, context));
  const { root } = context.edges.findTree(context.cwd);
  const base = input.text("base");
  if (base !== undefined) checkBranch(base);
  return context.edges.openHistory({ root, baseBranch: base ?? (await baseBranchOf(context)) });
}

/** Names of environments and models on the same branch. */
export async function namesOf(input: Input, context: Context): Promise<Names> {
  const scope = { models: [], environments: [] };
  if (input.text("repo") === undefined) return context.edges.findTree(context.cwd).read(scope);
  return (await context.edges.openForge(await remoteOf(input, context))).read(scope);
}
