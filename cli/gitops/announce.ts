import type { Change } from "./core/change.ts";
import { versionOfBranch } from "./core/placement.ts";
import type { BranchState, Forge } from "./core/ports.ts";

/**
 * A pull request that was planned before a rollback may merge cleanly after it. Readers do not serve a rejected version, but
 * whoever merges should know: a comment on each one that names the version. Returns what could not be said, one line each.
 */
export async function announceRollback(
  change: Change,
  branches: readonly BranchState[],
  own: { readonly url: string; readonly number: number | null },
  forge: Forge,
): Promise<readonly string[]> {
  const { rejection } = change;
  if (rejection === null) return [];
  const notices: string[] = [];
  for (const { pullRequest, name } of branches) {
    if (pullRequest === null || pullRequest.number === own.number) continue;
    if (versionOfBranch(name) !== rejection.version || name.split("/")[2] !== change.model) continue;
    try {
      await forge.comment(pullRequest.number, commentOn(change, rejection.reason, own.url));
    } catch (error) {
      const why = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
      notices.push(`could not comment on #${pullRequest.number}, which names version ${rejection.version}: ${why}`);
    }
  }
  return notices;
}

/** The reason may come from an alert: as code, so that it is neither markup nor a mention. */
function commentOn(change: Change, reason: string, url: string): string {
  const { environment, model, rejection } = change;
  return [
    `Version ${rejection?.version ?? ""} of ${model} was rolled back in ${environment ?? ""}: ${url}`,
    "",
    `Reason: \`${reason.replaceAll("`", "'")}\``,
    "",
    `Where it is rejected it is not served, even if this pull request makes it stable or canary. Close this, or plan it again.`,
  ].join("\n");
}
