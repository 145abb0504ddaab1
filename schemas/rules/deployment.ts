import type { DocumentPath } from "../document.ts";
import { effective, kustomizationResources } from "../effective.ts";
import { isReserved, maxEvidenceBytes, otherNameHint } from "../limits.ts";
import type { ModelDeployment } from "../model-deployment.ts";
import type { Problem } from "../problem.ts";
import { paths, type Tree } from "../tree.ts";
import { checkResources } from "./kustomization.ts";
import { problemsIn, type Say } from "./say.ts";
import { checkSteps } from "./steps.ts";
import { checkTime } from "./time.ts";

/** What an environment serves of a model: versions that are there and good, each in one place, and listed for Argo CD. */
export function checkDeployment(tree: Tree, environment: string, deployment: ModelDeployment): readonly Problem[] {
  const { model, stable, canary, previous = [], rejected = [] } = deployment.spec;
  const { problems, say } = problemsIn(paths.deployment(environment, model));
  if (isReserved(model)) say("name-reserved", ["spec", "model"], `"${model}" cannot name a model`, otherNameHint);
  const policy = paths.environment(environment);
  if (tree.environments.size > 0 && !tree.environments.has(environment) && !tree.broken?.has(policy)) {
    const hint = `write it, or move the folder of the model into one of ${[...tree.environments.keys()].join(", ")}`;
    say("environment-unknown", ["spec"], `there is no ${policy}`, hint);
  }
  checkNamed(tree, environment, deployment, say);
  if (canary?.version === stable.version) {
    const hint = "remove spec.canary, or try another version in it";
    say("canary-is-stable", ["spec", "canary", "version"], `version ${stable.version} is stable already`, hint);
  }
  checkSteps(["spec", "canary", "steps"], canary?.steps, say);
  if (new Set(previous).size !== previous.length || previous.includes(stable.version)) {
    const hint = "list each earlier stable version once, newest first";
    say("previous-repeats", ["spec", "previous"], "names a version twice, or the stable one", hint);
  }
  for (const [at, { evidence = {} }] of rejected.entries()) {
    const bytes = new TextEncoder().encode(Object.entries(evidence).flat().join("")).length;
    if (bytes <= maxEvidenceBytes) continue;
    const message = `has ${bytes} bytes, ${maxEvidenceBytes} are allowed`;
    say("evidence-too-large", ["spec", "rejected", at, "evidence"], message, "shorten its values, or leave some out");
  }
  checkTimes(deployment, say);
  const kustomization = paths.deploymentKustomization(environment, model);
  return [...problems, ...checkResources(tree, kustomization, kustomizationResources(deployment))];
}

/** Every version named is registered, and none is rejected. */
function checkNamed(tree: Tree, environment: string, deployment: ModelDeployment, say: Say): void {
  const { spec } = deployment;
  const { model, stable, canary, shadow, previous = [], rejected = [] } = spec;
  const named: readonly (readonly [DocumentPath, number])[] = [
    [["spec", "stable", "version"], stable.version],
    ...(canary ? [[["spec", "canary", "version"], canary.version] as const] : []),
    ...(shadow ? [[["spec", "shadow", "version"], shadow.version] as const] : []),
    ...previous.map((version, at) => [["spec", "previous", at], version] as const),
  ];
  for (const [path, version] of named) {
    if (!tree.versions.get(model)?.has(version) && !tree.broken?.has(paths.version(model, version))) {
      const hint = `name a version that is, or register it: mmsp register ${model} --model-path FILE --version ${version}`;
      say("version-unknown", path, `version ${version} of ${model} is not in the registry`, hint);
    }
    if (rejected.some((entry) => entry.version === version)) {
      say("version-rejected", path, `version ${version} is rejected`, waysOut(environment, deployment, version));
    }
  }
}

/** The safe one first: readers pass over what is rejected, so that writing it down changes nothing that is served. */
function waysOut(environment: string, deployment: ModelDeployment, rejected: number): string {
  const { model } = deployment.spec;
  const deploy = (version: number): string => `mmsp deploy ${model} --version ${version} --env ${environment}`;
  const { stable } = effective(deployment);
  if (stable === null) return `${deploy(rejected)} --force takes the rejection back`;
  return `${deploy(stable.version)} writes down what is served; --force with version ${rejected} takes the rejection back`;
}

function checkTimes({ spec }: ModelDeployment, say: Say): void {
  const { stable, canary, rejected = [], lock } = spec;
  checkTime(["spec", "stable", "since"], stable.since, say);
  if (canary) checkTime(["spec", "canary", "since"], canary.since, say);
  for (const [at, entry] of rejected.entries()) checkTime(["spec", "rejected", at, "at"], entry.at, say);
  if (lock) checkTime(["spec", "lock", "at"], lock.at, say);
}
