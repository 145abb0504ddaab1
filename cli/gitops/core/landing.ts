import type { ModelDeployment } from "../../../schemas/model-deployment.ts";
import type { Problem } from "../../../schemas/problem.ts";
import { highestAttempt } from "../../../schemas/effective.ts";
import { newDeployment, standingOf, withStanding } from "./standing.ts";

/** What `deploy`, and `promote --to` in its target, bring into an environment. */
export interface Landing {
  readonly environment: string;
  readonly model: string;
  readonly version: number;
  /** Percent, where it lands as canary. */
  readonly weight: number;
  readonly now: string;
  /** Takes the version's rejections back. */
  readonly force: boolean;
}

/** The document with the version in it: as stable where nothing is served yet, else as canary, in an attempt of its own. */
export function landed(before: ModelDeployment | null, landing: Landing): ModelDeployment {
  const { model, version, weight, now, force } = landing;
  // Counted before a rejection is taken back: its number stays used.
  const entry = { version, attempt: highestAttempt(before) + 1, since: now };
  if (before === null) return newDeployment(model, entry);
  const standing = standingOf(before, now);
  const rejected = force ? standing.rejected.filter((entry) => entry.version !== version) : standing.rejected;
  return standing.stable === null
    ? withStanding(before, { ...standing, stable: entry, canary: null, rejected })
    : withStanding(before, { ...standing, stable: standing.stable, canary: { ...entry, weight }, rejected });
}

/** What stands in the way of a landing: a rejection of the version, and another canary. */
export function landingProblems(before: ModelDeployment | null, landing: Landing): Problem[] {
  if (before === null) return [];
  const { environment, model, version, force } = landing;
  const { canary } = standingOf(before, landing.now);
  const problems = force ? [] : rejectionProblems(before, environment, version);
  if (canary !== null && canary.version !== version) {
    problems.push({
      code: "canary-running",
      message: `version ${canary.version} of ${model} is the canary in ${environment}, at ${canary.weight} %`,
      hint: `mmsp promote ${model} --env ${environment} makes it stable, mmsp rollback ${model} --env ${environment} removes it`,
    });
  }
  return problems;
}

/** A version that was taken out comes back only by force. */
export function rejectionProblems(deployment: ModelDeployment, environment: string, version: number): Problem[] {
  const rejection = deployment.spec.rejected?.findLast((entry) => entry.version === version);
  if (rejection === undefined) return [];
  const { model } = deployment.spec;
  return [
    {
      code: "version-rejected",
      message: `version ${version} of ${model} is rejected in ${environment} since ${rejection.at} (${rejection.by}): ${rejection.reason}`,
      hint: `mmsp deploy ${model} --version ${version} --env ${environment} --force takes the rejection back`,
    },
  ];
}
