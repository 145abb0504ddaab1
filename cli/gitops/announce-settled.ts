import { readTree } from "../../schemas/read-tree.ts";
import type { ModelDeployment, Rejection } from "../../schemas/model-deployment.ts";
import { announceRollbacks } from "./announce.ts";
import type { RollbackCommand } from "./core/change.ts";
import { deploymentIn } from "./core/documents.ts";
import type { Forge, RemoteSnapshot } from "./core/ports.ts";
import { recordedReason } from "./core/rollback.ts";

/**
 * For rollbacks that the base branch has already: the reply to their commit may have been lost, and then nobody has been told.
 * Those that are our own tell whoever has not heard of them; of somebody else's, somebody else tells. `tried`: the times at which
 * this very run has planned them. Returns for each command what could not be said, one line each.
 */
export async function announceSettled(
  commands: readonly RollbackCommand[],
  tried: ReadonlySet<string>,
  { files, openPulls }: Pick<RemoteSnapshot, "files" | "openPulls">,
  forge: Forge,
): Promise<readonly (readonly string[])[]> {
  const { tree } = readTree(files);
  const settled = commands.map((command) => {
    const { environment, model } = command;
    const rejection = ownRejection(command, tried, deploymentIn(tree, environment, model));
    return { environment, model, rejection };
  });
  return announceRollbacks(settled, openPulls, { url: null, number: null }, forge, { unlessTold: true });
}

/**
 * Times are exact to the millisecond, so of what this run has tried one suffices. An earlier run has left nothing but its words:
 * those of the guard and of alerts are compared, since an environment has one committer for them; people's may be anybody's.
 */
function ownRejection(
  command: RollbackCommand,
  tried: ReadonlySet<string>,
  deployment: ModelDeployment | null,
): Rejection | null {
  const { by, cut } = command;
  const found = deployment?.spec.rejected?.findLast(({ version }) => version === cut?.version) ?? null;
  if (found === null || tried.has(found.at)) return found;
  const isFromBefore = tried.size === 0 && by !== "person";
  return isFromBefore && found.by === by && found.reason === recordedReason(command) ? found : null;
}
