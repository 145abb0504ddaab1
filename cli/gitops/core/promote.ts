import type { Environment } from "../../../schemas/environment.ts";
import type { ModelDeployment } from "../../../schemas/model-deployment.ts";
import type { Problem } from "../../../schemas/problem.ts";
import { effective } from "../../../schemas/effective.ts";
import { stepsOf } from "../../../schemas/defaults.ts";
import { storeCopies, storeOf } from "./artifacts.ts";
import type { Plan, PlanState, PromoteCommand } from "./change.ts";
import { deploymentIn, versionIn } from "./documents.ts";
import { haltProblems } from "./halt.ts";
import { landed, landingNotices, landingProblems, rejectionProblems, signatureNotices } from "./landing.ts";
import { environmentProblems, modelProblems, versionProblems } from "./names.ts";
import { refusal, refuse, rolloutChange, skip } from "./outcome.ts";
import { pushPrevious, standingOf, withStanding } from "./standing.ts";

/** The canary becomes stable where it runs, or what is stable goes on to another environment. */
export function planPromote(command: PromoteCommand, state: PlanState): Plan {
  return command.to === null ? promoteInPlace(command, state) : promoteTo(command, command.to, state);
}

function promoteInPlace(command: PromoteCommand, state: PlanState): Plan {
  const { environment, model } = command;
  const { tree, now } = state;
  const before = deploymentIn(tree, environment, model);
  const lookups = [...environmentProblems(state, environment), ...lookedUp(command, state)];
  if (lookups.length > 0 || before === null) return refusal(lookups) ?? refuse(notDeployed(environment, model));

  const standing = standingOf(before, now);
  const { stable: old, canary, previous } = standing;
  if (old !== null && command.version === old.version) {
    return skip(`version ${old.version} of ${model} is stable in ${environment} already`);
  }
  const refused = refusal([
    ...canaryProblems(command, before),
    ...haltProblems(tree.environments.get(environment), before, now),
  ]);
  if (refused || canary === null) return refused ?? refuse(noCanary(command, before));

  const { version, attempt } = canary;
  const stable = { version, attempt, since: now };
  const after = withStanding(before, {
    ...standing,
    stable,
    canary: null,
    previous: pushPrevious(previous, old, version),
  });
  return rolloutChange(tree, {
    verb: "promote",
    environment,
    version,
    after,
    title: `Promote ${model} ${version} to stable in ${environment}`,
    subject: versionIn(tree, model, version),
    replaces: versionIn(tree, model, old?.version),
    notices: signatureNotices(versionIn(tree, model, old?.version), versionIn(tree, model, version)),
  });
}

function promoteTo(command: PromoteCommand, target: string, state: PlanState): Plan {
  const { environment: source, model } = command;
  const { tree, now } = state;
  const origin = deploymentIn(tree, source, model);
  const before = deploymentIn(tree, target, model);
  const lookups = [
    ...environmentProblems(state, source),
    ...(target === source ? [sameEnvironment(command)] : environmentProblems(state, target)),
    ...lookedUp(command, state),
  ];
  if (lookups.length > 0 || origin === null) return refusal(lookups) ?? refuse(notDeployed(source, model));

  const version = command.version ?? effective(origin).stable?.version;
  if (version === undefined) return refuse(nothingServed(source, model));
  // A person may have written a version that nobody has registered.
  const unregistered = refusal(versionProblems(state, model, version));
  if (unregistered !== null) return unregistered;
  const already = before === null ? null : alreadyThere(before, target, version, now);
  if (already !== null) return skip(already);

  const policy = tree.environments.get(target);
  const weight = stepsOf(policy ?? null, tree.project)[0] ?? 100;
  const { replace = false, allowSignatureChange = false } = command;
  const rules = { force: false, replace, allowSignatureChange };
  const landing = { environment: target, model, version, weight, steps: null, now, ...rules };
  const subject = versionIn(tree, model, version);
  const from = storeOf(tree.environments.get(source), tree.project);
  const copies = storeCopies(subject, from, storeOf(policy, tree.project));
  const refused = refusal([
    ...sourceProblems(origin, source, version),
    ...landingProblems(before, landing, tree),
    ...haltProblems(policy, before, now),
    ...copies.problems,
  ]);
  if (refused) return refused;

  const after = landed(before, landing);
  const isStable = after.spec.stable.version === version;
  return rolloutChange(tree, {
    verb: "promote",
    environment: target,
    version,
    after,
    subject,
    artifacts: copies.artifacts,
    title: `Promote ${model} ${version} from ${source} to ${target} ${isStable ? "as stable" : `at ${weight} %`}`,
    replaces: isStable ? null : versionIn(tree, model, after.spec.stable.version),
    notices: [
      ...pastPolicy(tree.environments.get(source), target),
      ...(isStable ? [`nothing of ${model} is served in ${target}: version ${version} becomes stable, at 100 %`] : []),
      ...landingNotices(before, landing, tree),
    ],
  });
}

/** That the source's policy sends its promotions somewhere else. */
function pastPolicy(source: Environment | undefined, target: string): readonly string[] {
  const promotesTo = source?.spec.promotesTo;
  if (source === undefined || promotesTo === undefined || promotesTo === target) return [];
  return [`goes past the policy of ${source.metadata.name}, which promotes to ${promotesTo}, not to ${target}`];
}

function lookedUp({ model, version }: PromoteCommand, state: PlanState): Problem[] {
  return version === null ? modelProblems(state, model) : versionProblems(state, model, version);
}

function alreadyThere(before: ModelDeployment, target: string, version: number, now: string): string | null {
  const { stable, canary } = standingOf(before, now);
  const { model } = before.spec;
  if (stable?.version === version) return `version ${version} of ${model} is stable in ${target} already`;
  if (stable === null || canary?.version !== version) return null;
  return `version ${version} of ${model} is the canary in ${target} already, at ${canary.weight} %`;
}

/** There is a canary, and it is the version that was named. */
function canaryProblems(command: PromoteCommand, deployment: ModelDeployment): Problem[] {
  const { environment, model, version } = command;
  const { canary } = effective(deployment);
  if (version !== null) {
    const rejected = rejectionProblems(deployment, environment, version);
    if (rejected.length > 0) return rejected;
  }
  if (canary === null) return [noCanary(command, deployment)];
  if (version === null || version === canary.version) return [];
  const message = `version ${version} of ${model} is not the canary in ${environment}; version ${canary.version} is`;
  const hint = `mmsp promote ${model} --version ${canary.version} --env ${environment}`;
  return [{ code: "canary-other", message, hint }];
}

/** A version goes on only from where it is stable and not rejected. */
function sourceProblems(origin: ModelDeployment, source: string, version: number): Problem[] {
  const rejected = rejectionProblems(origin, source, version);
  const { stable, canary } = effective(origin);
  if (rejected.length > 0 || stable?.version === version) return rejected;
  const { model } = origin.spec;
  const now = stable === null ? "no version is" : `version ${stable.version} is`;
  const hint =
    canary?.version === version
      ? `mmsp promote ${model} --version ${version} --env ${source} makes it stable there`
      : `mmsp deploy ${model} --version ${version} --env ${source}, and promote it there first`;
  return [
    {
      code: "not-stable-in-source",
      message: `version ${version} of ${model} is not stable in ${source}; ${now}`,
      hint,
    },
  ];
}

function noCanary({ environment, model, version }: PromoteCommand, deployment: ModelDeployment): Problem {
  const { stable } = effective(deployment);
  const serves = stable === null ? "" : `; version ${stable.version} is stable`;
  const hint = `mmsp deploy ${model} --version ${version ?? "N"} --env ${environment} starts one`;
  return { code: "no-canary", message: `${model} has no canary in ${environment}${serves}`, hint };
}

function notDeployed(environment: string, model: string): Problem {
  const hint = `mmsp deploy ${model} --version N --env ${environment}`;
  return { code: "not-deployed", message: `${model} is not deployed in ${environment}`, hint };
}

function nothingServed(environment: string, model: string): Problem {
  const hint = `mmsp deploy ${model} --version N --env ${environment}`;
  return { code: "nothing-served", message: `every stable version of ${model} in ${environment} is rejected`, hint };
}

function sameEnvironment({ environment, model }: PromoteCommand): Problem {
  const hint = `without --to, mmsp promote ${model} --env ${environment} makes the canary stable there`;
  return { code: "environment-same", message: `${environment} is where it comes from`, hint };
}
