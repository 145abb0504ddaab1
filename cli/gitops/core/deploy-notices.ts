import type { Canary, ModelDeployment } from "../../../schemas/model-deployment.ts";
import type { DeployCommand } from "./change.ts";
import { nextStep, stepsAhead } from "./steps.ts";

/** What a person should know of a deployment beyond what its title says. */
export function deployNotices(
  command: DeployCommand,
  before: ModelDeployment | null,
  after: ModelDeployment,
): readonly string[] {
  const { environment, model, version, force } = command;
  const isStable = after.spec.stable.version === version;
  const rejection = force ? before?.spec.rejected?.find((entry) => entry.version === version) : undefined;
  return [
    ...stepsNotice(command, after.spec.canary),
    ...(isStable && before === null
      ? [`${model} is new in ${environment}: version ${version} becomes stable, at 100 %${instead(command)}`]
      : []),
    ...(isStable && before !== null
      ? [`every stable version is rejected: version ${version} becomes stable, at 100 %`]
      : []),
    ...(rejection ? [`takes back the rejection of version ${version}: ${rejection.reason}`] : []),
  ];
}

/** Of a weight that was asked for where there is nothing to share traffic with. */
function instead({ weight }: DeployCommand): string {
  return typeof weight === "number" && weight !== 100
    ? `, and not at ${weight} %: nothing else could serve the rest`
    : "";
}

/** The way that was recorded for the canary; where the version is stable at once, there is none to go. */
function stepsNotice({ model, version, environment, steps }: DeployCommand, canary: Canary | undefined): string[] {
  if (canary?.version !== version) return steps ? ["it becomes stable at once, so no steps are recorded"] : [];
  if (canary.steps === undefined) return [];
  const next = `mmsp deploy ${model} --version ${version} --env ${environment} --canary next`;
  const more = nextStep(canary.steps, canary.weight) === null ? "" : ` (${next})`;
  return [`goes in steps: ${canary.weight} % now, ${stepsAhead(canary.steps, canary.weight)}${more}`];
}
