import type { Environment } from "../../../schemas/environment.ts";
import type { ModelDeployment } from "../../../schemas/model-deployment.ts";
import type { Problem } from "../../../schemas/problem.ts";
import { paths } from "../../../schemas/tree.ts";

/** A lock of the model, and freezes of the environment: both stop deploy and promote, neither stops a rollback. */
export function haltProblems(
  environment: Environment | undefined,
  deployment: ModelDeployment | null,
  now: string,
): Problem[] {
  if (environment === undefined) return [];
  const name = environment.metadata.name;
  const at = Date.parse(now);
  const freezes = (environment.spec.freeze ?? []).filter(
    ({ from, to }) => Date.parse(from) <= at && at < Date.parse(to),
  );
  const problems: Problem[] = freezes.map(({ to, reason }) => ({
    code: "environment-frozen",
    message: `${name} is frozen until ${to}: ${reason}`,
    hint: `wait, or change spec.freeze in ${paths.environment(name)}; a rollback goes at any time`,
  }));
  const lock = deployment?.spec.lock;
  if (deployment && lock) {
    const { model } = deployment.spec;
    problems.push({
      code: "model-locked",
      message: `${model} in ${name} was locked by ${lock.by} at ${lock.at}: ${lock.reason}`,
      hint: `ask them, or remove spec.lock from ${paths.deployment(name, model)}; a rollback goes at any time`,
    });
  }
  return problems;
}
