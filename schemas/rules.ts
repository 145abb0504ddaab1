import type { DocumentPath } from "./document.ts";
import { kustomizationResources } from "./effective.ts";
import type { Environment } from "./environment.ts";
import type { ModelDeployment } from "./model-deployment.ts";
import type { ModelVersion } from "./model-version.ts";
import type { Problem } from "./problem.ts";
import { problemsIn, type Say } from "./say.ts";
import { paths, type Tree } from "./tree.ts";

/** Evidence is untrusted text that ends in a pull request: 1 KiB in all. */
export const maxEvidenceBytes = 1024;

/** Folder names under environments/ and models/ that mean something else. */
export const reservedNames = ["registry", "kustomization", "platform", "models", "mmsp"] as const;

/**
 * The rules that no schema can say, over everything in the tree; what the schemas say, `readTree` has checked.
 * Weights are within 0..100 by schema. A tree that was read in part is checked in part: versions are looked up only
 * for models whose registry is there, so give whole trees where the answer is to be trusted.
 */
export function checkTree(tree: Tree): readonly Problem[] {
  const problems: Problem[] = [];
  for (const versions of tree.versions.values()) {
    for (const document of versions.values()) problems.push(...checkVersion(document));
  }
  for (const [name, environment] of tree.environments) problems.push(...checkEnvironment(tree, name, environment));
  for (const [environment, models] of tree.deployments) {
    for (const deployment of models.values()) problems.push(...checkDeployment(tree, environment, deployment));
  }
  return problems;
}

function checkVersion({ spec }: ModelVersion): readonly Problem[] {
  const { model, version, artifact } = spec;
  const { problems, say } = problemsIn(paths.version(model, version));
  if ((artifact.key === undefined) === (artifact.uri === undefined)) {
    const hint = "say `key` for a file in the artifact store, or `uri` for one at an https address";
    say("artifact-place", ["spec", "artifact"], "needs exactly one of key and uri", hint);
  } else if (artifact.key !== undefined && digestIn(artifact.key) !== artifact.sha256) {
    say("artifact-digest", ["spec", "artifact"], "key and sha256 name different digests", registerAgain(model));
  }
  return problems;
}

/** `sha256/<digest>/<file>` -> digest */
function digestIn(key: string): string | undefined {
  return key.split("/")[1];
}

/** A version is never edited once it is merged. */
function registerAgain(model: string): string {
  return `restore the document from git, or register the file anew: mmsp register ${model} --model-path FILE`;
}

function checkEnvironment(tree: Tree, name: string, environment: Environment): readonly Problem[] {
  const { problems, say } = problemsIn(paths.environment(name));
  if (isReserved(name)) {
    say("name-reserved", ["metadata", "name"], `"${name}" cannot name an environment`, otherNames);
  }
  const { promotesTo, backend, artifactStore } = environment.spec;
  if (promotesTo !== undefined && !tree.environments.has(promotesTo)) {
    const hint = `name one of ${[...tree.environments.keys()].join(", ")}, or remove promotesTo`;
    say("environment-unknown", ["spec", "promotesTo"], `there is no environment "${promotesTo}"`, hint);
  }
  const store = artifactStore ?? tree.project?.spec.artifactStore;
  if (store !== undefined && backend !== "embedded" && !/^(s3|https):\/\//.test(store)) {
    const hint = "use s3://bucket/prefix, or the embedded backend";
    say("store-not-reachable", ["spec", "artifactStore"], `a cluster cannot read the store "${store}"`, hint);
  }
  return problems;
}

function isReserved(name: string): boolean {
  return reservedNames.some((reserved) => reserved === name);
}

const otherNames = `choose another name: ${reservedNames.join(", ")} mean something else here`;

function checkDeployment(tree: Tree, environment: string, deployment: ModelDeployment): readonly Problem[] {
  const { model, stable, canary, previous = [], rejected = [] } = deployment.spec;
  const { problems, say } = problemsIn(paths.deployment(environment, model));
  if (isReserved(model)) say("name-reserved", ["spec", "model"], `"${model}" cannot name a model`, otherNames);
  if (tree.environments.size > 0 && !tree.environments.has(environment)) {
    const hint = `write it, or move the folder of the model into one of ${[...tree.environments.keys()].join(", ")}`;
    say("environment-unknown", ["spec"], `there is no ${paths.environment(environment)}`, hint);
  }
  checkNamed(tree, environment, deployment, say);
  if (canary?.version === stable.version) {
    const hint = "remove spec.canary, or try another version in it";
    say("canary-is-stable", ["spec", "canary", "version"], `version ${stable.version} is stable already`, hint);
  }
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
  return problems.concat(checkKustomization(tree, environment, deployment));
}

/** Every version named is registered, and none is rejected. */
function checkNamed(tree: Tree, environment: string, { spec }: ModelDeployment, say: Say): void {
  const { model, stable, canary, shadow, previous = [], rejected = [] } = spec;
  const named: readonly (readonly [DocumentPath, number])[] = [
    [["spec", "stable", "version"], stable.version],
    ...(canary ? [[["spec", "canary", "version"], canary.version] as const] : []),
    ...(shadow ? [[["spec", "shadow", "version"], shadow.version] as const] : []),
    ...previous.map((version, at) => [["spec", "previous", at], version] as const),
  ];
  for (const [path, version] of named) {
    if (!tree.versions.get(model)?.has(version)) {
      const hint = `name a version that is, or register it: mmsp register ${model} --model-path FILE --version ${version}`;
      say("version-unknown", path, `version ${version} of ${model} is not in the registry`, hint);
    }
    if (rejected.some((entry) => entry.version === version)) {
      const force = `mmsp deploy ${model} --version ${version} --env ${environment} --force`;
      say("version-rejected", path, `version ${version} is rejected`, `${force} takes the rejection back`);
    }
  }
}

function checkKustomization(tree: Tree, environment: string, deployment: ModelDeployment): readonly Problem[] {
  const file = paths.deploymentKustomization(environment, deployment.spec.model);
  const { problems, say } = problemsIn(file);
  const expected = kustomizationResources(deployment);
  const actual = tree.kustomizations.get(file);
  const hint = `resources: [${expected.join(", ")}]`;
  if (actual === undefined) {
    say("kustomization-missing", [], "is not there, so Argo CD would apply nothing", hint);
  } else if (actual.length !== expected.length || !expected.every((resource) => actual.includes(resource))) {
    say("kustomization-stale", ["resources"], "does not list the versions that are served", hint);
  }
  return problems;
}
