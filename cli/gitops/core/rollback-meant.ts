import { effective } from "../../../schemas/effective.ts";
import type { Judge, ModelDeployment } from "../../../schemas/model-deployment.ts";
import type { Problem } from "../../../schemas/problem.ts";
import type { RollbackCommand } from "./change.ts";

/**
 * So long a person may not know yet that a version has left: `status` was run before, or looked at a clone. A rollback that
 * leaves its version open may then mean the one that left.
 */
const recentMs = 10 * 60_000;

/** Why there is nothing to do where `version` is to leave: it is neither canary nor stable. null where it is. */
export function goneReason(
  { environment, model }: RollbackCommand,
  before: ModelDeployment,
  version: number,
): string | null {
  const { stable, canary } = effective(before);
  if (version === canary?.version || version === stable?.version) return null;
  const subject = `version ${version} of ${model}`;
  if (before.spec.rejected?.some((entry) => entry.version === version)) {
    return `${subject} is rejected in ${environment} already`;
  }
  const serves = stable === null ? "no version is stable" : `version ${stable.version} is stable`;
  const beside = canary === null ? "" : `, and version ${canary.version} the canary`;
  return `${subject} is not served in ${environment}: ${serves}${beside}`;
}

/** `--version` and `--to` name two departures. */
export function otherProblem({ environment, model, to, version }: RollbackCommand, leaving: number): Problem {
  return {
    code: "version-other",
    message: `going back to version ${to} of ${model} in ${environment} takes version ${leaving} out, not version ${version}`,
    hint: `give one of them: --version ${version} takes that one out, --to ${to} goes back to the other`,
  };
}

/**
 * A version was taken out a moment ago, perhaps by the guard, while somebody was about to do the same: without a word on which
 * version is meant, the good one that took over would be the next to go. null where nothing left lately.
 */
export function recentProblem(
  { environment, model }: RollbackCommand,
  before: ModelDeployment,
  stable: number,
  now: string,
): Problem | null {
  const agoOf = (at: string): number => Date.parse(now) - Date.parse(at);
  const latest = (before.spec.rejected ?? [])
    .filter(({ at }) => agoOf(at) < recentMs)
    .toSorted((a, b) => agoOf(a.at) - agoOf(b.at))[0];
  if (latest === undefined) return null;
  const { version, phase, at, by, reason } = latest;
  const was = phase === "canary" ? "the canary" : "the stable version";
  return {
    code: "rolled-back-just-now",
    message:
      `version ${version} of ${model}, ${was} in ${environment}, was taken out ${agoText(agoOf(at))} by ${judges[by]} ` +
      `(${reason}): now version ${stable}, which is stable, would be taken out`,
    hint: `if that is meant: mmsp rollback ${model} --version ${stable} --env ${environment}`,
  };
}

const judges: Readonly<Record<Judge, string>> = { guard: "the guard", alert: "an alert", person: "a person" };

function agoText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 1) return "just now";
  return seconds < 120 ? `${seconds} s ago` : `${Math.floor(seconds / 60)} min ago`;
}
