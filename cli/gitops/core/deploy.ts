import type { ModelDeployment } from "../../../schemas/model-deployment.ts";
import type { Problem } from "../../../schemas/problem.ts";
import { stepsOf } from "../../../schemas/defaults.ts";
import { storeCopies, storeOf } from "./artifacts.ts";
import type { DeployCommand, OpenProposal, Plan, PlanState } from "./change.ts";
import { deploymentIn, versionIn } from "./documents.ts";
import { haltProblems } from "./halt.ts";
import { landed, landingProblems } from "./landing.ts";
import { environmentProblems, versionProblems } from "./names.ts";
import { refusal, rolloutChange, skip } from "./outcome.ts";
import { registrationOf } from "./proposals.ts";
import { standingOf, withStanding } from "./standing.ts";

/** A version becomes the canary of an environment, or its stable version where the model is new; or a canary's weight changes. */
export function planDeploy(command: DeployCommand, state: PlanState): Plan {
  const { environment, model, version, force } = command;
  const { tree, now } = state;
  const policy = tree.environments.get(environment);
  const before = deploymentIn(tree, environment, model);
  const lookups = [
    ...environmentProblems(state, environment),
    ...registeredProblems(command, state),
    ...weightProblems(command.weight),
  ];
  const already = lookups.length === 0 && before !== null ? alreadySo(command, before, now) : null;
  if (already !== null) return skip(already);

  const weight = command.weight ?? stepsOf(policy ?? null, tree.project)[0] ?? 100;
  const landing = { environment, model, version, weight, now, force };
  const subject = versionIn(tree, model, version);
  const copies = storeCopies(subject, storeOf(undefined, tree.project), storeOf(policy, tree.project));
  const refused = refusal([
    ...lookups,
    ...landingProblems(before, landing),
    ...haltProblems(policy, before, now),
    ...copies.problems,
  ]);
  if (refused) return refused;

  const after = reweighed(before, landing) ?? landed(before, landing);
  const isStable = after.spec.stable.version === version;
  const proposal = subject && registrationOf(state.proposals, model, version, subject.spec.artifact);
  return rolloutChange(tree, {
    verb: "deploy",
    environment,
    version,
    after,
    subject,
    artifacts: copies.artifacts,
    title: `Deploy ${model} ${version} to ${environment} ${isStable ? "as stable" : `at ${weight} %`}`,
    replaces: isStable ? null : versionIn(tree, model, after.spec.stable.version),
    notices: noticesOf(command, before, isStable, proposal),
    branch: proposal?.branch,
  });
}

/** A version that only an open pull request registers is told with its number: the command plans again on that branch. */
function registeredProblems({ model, version }: DeployCommand, state: PlanState): Problem[] {
  const proposal = registrationOf(state.proposals, model, version, null);
  if (proposal === null || versionIn(state.tree, model, version) !== null) {
    return versionProblems(state, model, version);
  }
  const message = `version ${version} of ${model} is not in the registry yet: pull request #${proposal.number} registers it`;
  return [{ code: "version-proposed", message, hint: `merge ${proposal.url} first` }];
}

function weightProblems(weight: number | null): Problem[] {
  if (weight === null || (Number.isInteger(weight) && weight >= 0 && weight <= 100)) return [];
  const message = `${weight} is no canary weight`;
  return [{ code: "weight-invalid", message, hint: "a whole percentage from 0 to 100, such as --canary 10" }];
}

function alreadySo({ environment, version, weight }: DeployCommand, before: ModelDeployment, now: string) {
  const { stable, canary } = standingOf(before, now);
  const { model } = before.spec;
  if (stable?.version === version) return `version ${version} of ${model} is stable in ${environment} already`;
  if (canary?.version === version && (weight === null || weight === canary.weight)) {
    return `version ${version} of ${model} is the canary in ${environment} already, at ${canary.weight} %`;
  }
  return null;
}

/** The running canary with another weight: the same attempt, since the same time. */
function reweighed(
  before: ModelDeployment | null,
  { version, weight, now }: { version: number; weight: number; now: string },
): ModelDeployment | null {
  if (before === null) return null;
  const { stable, canary, ...standing } = standingOf(before, now);
  if (stable === null || canary?.version !== version) return null;
  return withStanding(before, { ...standing, stable, canary: { ...canary, weight } });
}

function noticesOf(
  { environment, model, version, force }: DeployCommand,
  before: ModelDeployment | null,
  isStable: boolean,
  proposal: OpenProposal | null,
): readonly string[] {
  const rejection = force ? before?.spec.rejected?.find((entry) => entry.version === version) : undefined;
  return [
    ...(isStable && before === null
      ? [`${model} is new in ${environment}: version ${version} becomes stable, at 100 %`]
      : []),
    ...(isStable && before !== null
      ? [`every stable version is rejected: version ${version} becomes stable, at 100 %`]
      : []),
    ...(rejection ? [`takes back the rejection of version ${version}: ${rejection.reason}`] : []),
    ...(proposal ? [`goes onto the pull request that registers version ${version}: one merge does both`] : []),
  ];
}
