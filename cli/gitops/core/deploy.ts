import { passedOver } from "../../../schemas/effective.ts";
import type { Canary, ModelDeployment } from "../../../schemas/model-deployment.ts";
import type { Problem } from "../../../schemas/problem.ts";
import { storeCopies, storeOf } from "./artifacts.ts";
import type { DeployCommand, Plan, PlanState } from "./change.ts";
import { deployNotices } from "./deploy-notices.ts";
import { deploymentIn, versionIn } from "./documents.ts";
import { haltProblems } from "./halt.ts";
import { landed, landingNotices, landingProblems, type Landing } from "./landing.ts";
import { environmentProblems, versionProblems } from "./names.ts";
import { refusal, refuse, rolloutChange, skip } from "./outcome.ts";
import { proposalName, proposalPlace, registrationOf } from "./proposals.ts";
import { standingOf, withStanding } from "./standing.ts";
import { ladderOf, nextStep, sameSteps, stepsProblems } from "./steps.ts";

/** A version becomes the canary of an environment, or its stable version where the model is new; or a canary's weight changes. */
export function planDeploy(command: DeployCommand, state: PlanState): Plan {
  const { environment, model, version } = command;
  const { tree, now } = state;
  const policy = tree.environments.get(environment);
  const before = deploymentIn(tree, environment, model);
  const lookups = [
    ...environmentProblems(state, environment),
    ...registeredProblems(command, state),
    ...weightProblems(command.weight),
    ...stepsProblems(command.steps ?? null),
    ...laggingProblems(command),
  ];
  const running = before === null ? null : runningCanary(before, version, now);
  const ladder = ladderOf(command.steps ?? null, running, policy, tree.project);
  const mended = lookups.length === 0 && before !== null ? writtenDown(command, before, state) : null;
  if (mended !== null) return mended;
  const already = lookups.length === 0 && before !== null ? alreadySo(command, before, ladder, now) : null;
  if (already !== null) return skip(already);

  const weight = weightOf(command, running, ladder);
  if (lookups.length === 0 && weight === null) return refuse(lastStep(command, running));
  const landing = landingOf(command, running, weight ?? 0, now);
  const subject = versionIn(tree, model, version);
  const copies = storeCopies(subject, storeOf(undefined, tree.project), storeOf(policy, tree.project));
  const refused = refusal([
    ...lookups,
    ...landingProblems(before, landing, tree),
    ...haltProblems(policy, before, now),
    ...copies.problems,
  ]);
  if (refused) return refused;

  const after = changedCanary(before, running, landing) ?? landed(before, landing);
  const isStable = after.spec.stable.version === version;
  const proposal = subject && registrationOf(state.proposals, model, version, subject.spec.artifact);
  return rolloutChange(tree, {
    verb: "deploy",
    environment,
    version,
    after,
    subject,
    artifacts: copies.artifacts,
    title: titleOf(landing, running, isStable),
    replaces: isStable ? null : versionIn(tree, model, after.spec.stable.version),
    notices: [...landingNotices(before, landing, tree), ...deployNotices(command, before, after)],
    branch: proposal?.branch,
  });
}

/** A version that only an open pull request registers is told with its number: the command plans again on that branch. */
function registeredProblems({ model, version }: DeployCommand, state: PlanState): Problem[] {
  const proposal = registrationOf(state.proposals, model, version, null);
  if (proposal === null || versionIn(state.tree, model, version) !== null) {
    return versionProblems(state, model, version);
  }
  const message = `version ${version} of ${model} is not in the registry yet: ${proposalName(proposal)} registers it`;
  return [{ code: "version-proposed", message, hint: `merge ${proposalPlace(proposal)} first` }];
}

function weightProblems(weight: DeployCommand["weight"]): Problem[] {
  if (weight === null || weight === "next") return [];
  if (Number.isInteger(weight) && weight >= 0 && weight <= 100) return [];
  const message = `${weight} is no canary weight`;
  return [{ code: "weight-invalid", message, hint: "a whole percentage from 0 to 100, such as --canary 10" }];
}

/** Steps that the weight has gone past already lead nowhere. */
function laggingProblems({ weight, steps = null }: DeployCommand): Problem[] {
  if (typeof weight !== "number" || steps === null || steps.some((step) => step >= weight)) return [];
  const message = `every step of "${steps.join(",")}" lies below the weight ${weight}`;
  const hint = "give a step above it, or leave --canary out: the canary then starts at its first step";
  return [{ code: "steps-passed", message, hint }];
}

/** The canary that the version is already, beside a stable version. */
function runningCanary(before: ModelDeployment, version: number, now: string): Canary | null {
  const { stable, canary } = standingOf(before, now);
  return stable !== null && canary?.version === version ? canary : null;
}

/** null: the next step was asked for, and there is none. A version that is no canary yet stands before the first. */
function weightOf({ weight }: DeployCommand, running: Canary | null, ladder: readonly number[]): number | null {
  if (weight === "next") return nextStep(ladder, running?.weight ?? 0);
  return weight ?? running?.weight ?? ladder[0] ?? 100;
}

/**
 * A stale plan that merged after a rollback leaves a rejected version in the text, which readers pass over. Deploying the
 * version that is served as stable then makes the text say so; null where there is nothing to write down.
 */
function writtenDown(
  { environment, model, version }: DeployCommand,
  before: ModelDeployment,
  { tree, now }: PlanState,
): Plan | null {
  const { stable, ...standing } = standingOf(before, now);
  if (stable?.version !== version || passedOver(before).length === 0) return null;
  return (
    refusal(haltProblems(tree.environments.get(environment), before, now)) ??
    rolloutChange(tree, {
      verb: "deploy",
      environment,
      version,
      after: withStanding(before, { ...standing, stable }),
      title: `Write down that ${model} ${version} is stable in ${environment}`,
      subject: versionIn(tree, model, version),
      replaces: null,
    })
  );
}

function alreadySo(
  { environment, version, weight, steps }: DeployCommand,
  before: ModelDeployment,
  ladder: readonly number[],
  now: string,
): string | null {
  const { stable } = standingOf(before, now);
  const { model } = before.spec;
  if (stable?.version === version) {
    const rest =
      typeof weight === "number" && weight !== 100 ? `, with all traffic: --canary ${weight} is for another` : "";
    return `version ${version} of ${model} is stable in ${environment} already${rest}`;
  }
  const running = runningCanary(before, version, now);
  if (running === null || weight === "next" || (weight ?? running.weight) !== running.weight) return null;
  if (steps && !sameSteps(steps, running.steps)) return null;
  const next = nextStep(ladder, running.weight);
  const way = next === null ? "mmsp promote makes it stable" : `--canary next takes it to ${next} %`;
  return `version ${version} of ${model} is the canary in ${environment} already, at ${running.weight} %; ${way}`;
}

function lastStep({ environment, model, version }: DeployCommand, running: Canary | null): Problem {
  const message = `version ${version} of ${model} has no step after ${running?.weight ?? 100} % in ${environment}`;
  const hint = `mmsp promote ${model} --version ${version} --env ${environment} makes it stable`;
  return { code: "steps-done", message, hint };
}

function landingOf(command: DeployCommand, running: Canary | null, weight: number, now: string): Landing {
  const { environment, model, version, force, replace = false, allowSignatureChange = false } = command;
  const steps = command.steps ?? running?.steps ?? null;
  return { environment, model, version, weight, steps, now, force, replace, allowSignatureChange };
}

/** The running canary with another weight or other steps: the same attempt, since the same time. */
function changedCanary(
  before: ModelDeployment | null,
  running: Canary | null,
  { weight, steps, now }: Landing,
): ModelDeployment | null {
  if (before === null || running === null) return null;
  const { stable, ...standing } = standingOf(before, now);
  if (stable === null) return null;
  const canary = { ...running, weight, ...(steps === null ? {} : { steps: [...steps] }) };
  return withStanding(before, { ...standing, stable, canary });
}

function titleOf({ environment, model, version, weight }: Landing, running: Canary | null, isStable: boolean): string {
  if (running?.weight === weight) return `Set the steps of ${model} ${version} in ${environment}`;
  return `Deploy ${model} ${version} to ${environment} ${isStable ? "as stable" : `at ${weight} %`}`;
}
