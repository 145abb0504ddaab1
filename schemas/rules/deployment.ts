import type { DocumentPath } from "../document.ts";
import { effective, kustomizationResources, writesDownServed } from "../effective.ts";
import { isReserved, maxEvidenceBytes, otherNameHint } from "../limits.ts";
import type { ModelDeployment } from "../model-deployment.ts";
import type { Problem } from "../problem.ts";
import { paths, type Tree } from "../tree.ts";
import { checkResources } from "./kustomization.ts";
import { problemsIn, type Rule, type Say } from "./say.ts";
import { checkSteps } from "./steps.ts";
import { checkTime } from "./time.ts";

/** What an environment serves of a model: versions that are there and good, each in one place, and listed for Argo CD. */
export function checkDeployment(
  tree: Tree,
  environment: string,
  model: string,
  deployment: ModelDeployment,
): readonly Problem[] {
  const { problems, say, rule } = problemsIn(paths.deployment(environment, model));
  rule(() => {
    if (!isReserved(deployment.spec.model)) return;
    say("name-reserved", ["spec", "model"], `"${model}" cannot name a model`, otherNameHint);
  });
  const policy = paths.environment(environment);
  if (tree.environments.size > 0 && !tree.environments.has(environment)) {
    const hint = `write it, or move the folder of the model into one of ${[...tree.environments.keys()].join(", ")}`;
    say("environment-unknown", ["spec"], `there is no ${policy}`, hint);
  }
  rule(() => checkNamed(tree, environment, deployment, say, rule));
  rule(() => checkCanary(deployment, say));
  rule(() => checkSteps(["spec", "canary", "steps"], deployment.spec.canary?.steps, say));
  rule(() => checkPrevious(deployment, say));
  rule(() => checkRejected(deployment, say, rule));
  checkTimes(deployment, say, rule);
  const kustomization = paths.deploymentKustomization(environment, model);
  return [...problems, ...checkResources(tree, kustomization, () => kustomizationResources(deployment))];
}

/** Every version named is registered, and none is rejected. */
function checkNamed(tree: Tree, environment: string, deployment: ModelDeployment, say: Say, rule: Rule): void {
  const { spec } = deployment;
  const check = (path: DocumentPath, version: number | undefined): void => {
    if (version === undefined) return;
    const { model } = spec;
    if (!tree.versions.get(model)?.has(version)) {
      const hint = `name a version that is, or register it: mmsp register ${model} --model-path FILE --version ${version}`;
      say("version-unknown", path, `version ${version} of ${model} is not in the registry`, hint);
    }
    if ((spec.rejected ?? []).some((entry) => entry.version === version)) {
      say("version-rejected", path, `version ${version} is rejected`, waysOut(environment, deployment, version));
    }
  };
  rule(() => check(["spec", "stable", "version"], spec.stable.version));
  rule(() => check(["spec", "canary", "version"], spec.canary?.version));
  rule(() => check(["spec", "shadow", "version"], spec.shadow?.version));
  const { previous = [] } = spec;
  for (const at of previous.keys()) rule(() => check(["spec", "previous", at], previous[at]));
}

/** The safe one first: readers pass over what is rejected, so that writing it down changes nothing that is served. */
function waysOut(environment: string, deployment: ModelDeployment, rejected: number): string {
  const { model } = deployment.spec;
  const { stable } = effective(deployment);
  if (stable === null) {
    return `mmsp deploy ${model} --version ${rejected} --env ${environment} --force takes the rejection back`;
  }
  return `${writesDownServed(model, stable.version, environment)}; --force with version ${rejected} takes the rejection back`;
}

function checkCanary({ spec }: ModelDeployment, say: Say): void {
  if (spec.canary?.version !== spec.stable.version) return;
  const hint = "remove spec.canary, or try another version in it";
  say("canary-is-stable", ["spec", "canary", "version"], `version ${spec.stable.version} is stable already`, hint);
}

function checkPrevious({ spec }: ModelDeployment, say: Say): void {
  const { previous = [] } = spec;
  if (new Set(previous).size === previous.length && !previous.includes(spec.stable.version)) return;
  const hint = "list each earlier stable version once, newest first";
  say("previous-repeats", ["spec", "previous"], "names a version twice, or the stable one", hint);
}

function checkRejected({ spec }: ModelDeployment, say: Say, rule: Rule): void {
  const { rejected = [] } = spec;
  for (const at of rejected.keys()) {
    rule(() => checkTime(["spec", "rejected", at, "at"], rejected[at]?.at, say));
    rule(() => {
      const { evidence = {} } = rejected[at] ?? {};
      const bytes = new TextEncoder().encode(Object.entries(evidence).flat().join("")).length;
      if (bytes <= maxEvidenceBytes) return;
      const message = `has ${bytes} bytes, ${maxEvidenceBytes} are allowed`;
      say("evidence-too-large", ["spec", "rejected", at, "evidence"], message, "shorten its values, or leave some out");
    });
  }
}

function checkTimes(deployment: ModelDeployment, say: Say, rule: Rule): void {
  rule(() => checkTime(["spec", "stable", "since"], deployment.spec.stable.since, say));
  rule(() => checkTime(["spec", "canary", "since"], deployment.spec.canary?.since, say));
  rule(() => checkTime(["spec", "lock", "at"], deployment.spec.lock?.at, say));
}
