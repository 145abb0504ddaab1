import { stepsOf } from "../../../schemas/defaults.ts";
import type { Environment } from "../../../schemas/environment.ts";
import type { Canary } from "../../../schemas/model-deployment.ts";
import type { Problem } from "../../../schemas/problem.ts";
import type { Project } from "../../../schemas/project.ts";

/** `spec.canary.steps` holds so many at most (schemas/model-deployment.ts). */
export const maxSteps = 20;

/** Whole percentages in ascending order, or what is wrong with them. */
export function stepsProblems(steps: readonly number[] | null): Problem[] {
  if (steps === null) return [];
  const sound = steps.every((step, at) => Number.isInteger(step) && step > (steps[at - 1] ?? 0) && step <= 100);
  if (sound && steps.length > 0 && steps.length <= maxSteps) return [];
  const hint = `at most ${maxSteps} whole percentages from 1 to 100, the smallest first, such as --steps 5,25,50,100`;
  return [{ code: "steps-invalid", message: `"${steps.join(",")}" are no steps of a canary`, hint }];
}

/** The weights that a canary goes through: those given now, those recorded with it, or else the environment's. */
export function ladderOf(
  given: readonly number[] | null,
  canary: Canary | null,
  environment: Environment | undefined,
  project: Project | null,
): readonly number[] {
  return given ?? canary?.steps ?? stepsOf(environment ?? null, project);
}

/** The first weight of the ladder above this one; null at its end, where only a promotion is left. */
export function nextStep(ladder: readonly number[], weight: number): number | null {
  const above = ladder.filter((step) => step > weight);
  return above.length === 0 ? null : Math.min(...above);
}

export function sameSteps(left: readonly number[] | undefined, right: readonly number[] | undefined): boolean {
  return left?.join() === right?.join();
}

/** What is still to come, for people: `then 25 %, 50 % and a promotion`. */
export function stepsAhead(ladder: readonly number[], weight: number): string {
  const ahead = ladder.filter((step) => step > weight).map((step) => `${step} %`);
  return ahead.length === 0 ? "then a promotion" : `then ${ahead.join(", ")} and a promotion`;
}
