import type { Cut } from "../../schemas/cut.ts";
import type { ModelDeployment } from "../../schemas/model-deployment.ts";
import { effective } from "../../schemas/rules.ts";

/**
 * True when the followed branch has made a cut pointless: it rejects the version, serves it to nobody, or serves it in
 * a higher attempt. `deployment` is null where the branch serves the model no longer.
 *
 * A version that waits among `previous` is next to take over, so its cut goes on. Where either side names no attempt
 * (an earlier version had taken over as stable), a stable version counts as the one that was cut; a canary always has
 * one, so it is newer.
 */
export function cutEnded(cut: Pick<Cut, "version" | "attempt">, deployment: ModelDeployment | null): boolean {
  if (deployment === null) return true;
  const { version, attempt } = cut;
  if (deployment.spec.rejected?.some((entry) => entry.version === version) === true) return true;
  const { stable, canary, previous } = effective(deployment);
  if (canary?.version === version) return attempt === null || canary.attempt > attempt;
  if (stable?.version === version) return attempt !== null && stable.attempt !== null && stable.attempt > attempt;
  return !previous.includes(version);
}
