import { formatPath, type DocumentPath } from "./document.ts";
import { kustomizationResources } from "./effective.ts";
import type { Environment } from "./environment.ts";
import type { ModelDeployment } from "./model-deployment.ts";
import type { Problem } from "./problem.ts";
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
export function checkTree(tree: Tree): Problem[] {
  const problems: Problem[] = [];
  for (const [model, versions] of tree.versions) {
    for (const [version, document] of versions)
      problems.push(...checkArtifact(paths.version(model, version), document.spec.artifact));
  }
  for (const [name, environment] of tree.environments) problems.push(...checkEnvironment(tree, name, environment));
  for (const [environment, models] of tree.deployments) {
    for (const deployment of models.values()) problems.push(...checkDeployment(tree, environment, deployment));
  }
  return problems;
}

function checkArtifact(
  file: string,
  artifact: { key?: string | undefined; uri?: string | undefined; sha256: string },
): Problem[] {
  const path = "spec.artifact";
  if ((artifact.key === undefined) === (artifact.uri === undefined)) {
    return [{ code: "artifact-place", file, path, message: "needs exactly one of key and uri" }];
  }
  if (artifact.key !== undefined && artifact.key.split("/")[1] !== artifact.sha256) {
    return [{ code: "artifact-digest", file, path, message: "key and sha256 name different digests" }];
  }
  return [];
}

function checkEnvironment(tree: Tree, name: string, environment: Environment): Problem[] {
  const problems: Problem[] = [];
  const file = paths.environment(name);
  if (reservedNames.some((reserved) => reserved === name)) {
    problems.push({
      code: "name-reserved",
      file,
      path: "metadata.name",
      message: `"${name}" cannot name an environment`,
    });
  }
  const { promotesTo, backend, artifactStore } = environment.spec;
  if (promotesTo !== undefined && !tree.environments.has(promotesTo)) {
    problems.push({
      code: "environment-unknown",
      file,
      path: "spec.promotesTo",
      message: `there is no environment "${promotesTo}"`,
    });
  }
  const store = artifactStore ?? tree.project?.spec.artifactStore;
  if (store !== undefined && backend !== "embedded" && !/^(s3|https):\/\//.test(store)) {
    problems.push({
      code: "store-not-reachable",
      file,
      path: "spec.artifactStore",
      message: `a cluster cannot read the store "${store}"`,
      hint: "use s3://bucket/prefix, or the embedded backend",
    });
  }
  return problems;
}

function checkDeployment(tree: Tree, environment: string, deployment: ModelDeployment): Problem[] {
  const { model, stable, canary, shadow, previous = [], rejected = [] } = deployment.spec;
  const file = paths.deployment(environment, model);
  const problems: Problem[] = [];
  const say = (code: string, path: DocumentPath, message: string, hint?: string): void =>
    void problems.push({ code, file, path: formatPath(["spec", ...path]), message, hint });

  if (reservedNames.some((name) => name === model)) say("name-reserved", ["model"], `"${model}" cannot name a model`);
  if (tree.environments.size > 0 && !tree.environments.has(environment)) {
    say("environment-unknown", [], `there is no ${paths.environment(environment)}`);
  }
  const named: readonly (readonly [DocumentPath, number])[] = [
    [["stable", "version"], stable.version],
    ...(canary ? [[["canary", "version"], canary.version] as const] : []),
    ...(shadow ? [[["shadow", "version"], shadow.version] as const] : []),
    ...previous.map((version, at) => [["previous", at], version] as const),
  ];
  for (const [path, version] of named) {
    if (!tree.versions.get(model)?.has(version)) {
      say(
        "version-unknown",
        path,
        `version ${version} of ${model} is not in the registry`,
        `mmsp register ${model} --version ${version}`,
      );
    }
    if (rejected.some((entry) => entry.version === version)) {
      say(
        "version-rejected",
        path,
        `version ${version} is rejected`,
        `mmsp deploy ${model} --version ${version} --force takes the rejection back`,
      );
    }
  }
  if (canary?.version === stable.version)
    say("canary-is-stable", ["canary", "version"], `version ${stable.version} is stable already`);
  if (new Set(previous).size !== previous.length || previous.includes(stable.version)) {
    say("previous-repeats", ["previous"], "names a version twice, or the stable one");
  }
  rejected.forEach((entry, at) => {
    const bytes = new TextEncoder().encode(
      Object.entries(entry.evidence ?? {})
        .flat()
        .join(""),
    ).length;
    if (bytes > maxEvidenceBytes)
      say("evidence-too-large", ["rejected", at, "evidence"], `has ${bytes} bytes, ${maxEvidenceBytes} are allowed`);
  });
  return problems.concat(checkKustomization(tree, environment, deployment));
}

function checkKustomization(tree: Tree, environment: string, deployment: ModelDeployment): Problem[] {
  const file = paths.deploymentKustomization(environment, deployment.spec.model);
  const expected = kustomizationResources(deployment);
  const actual = tree.kustomizations.get(file);
  const hint = `resources: [${expected.join(", ")}]`;
  if (actual === undefined)
    return [{ code: "kustomization-missing", file, message: "is not there, so Argo CD would apply nothing", hint }];
  const same = actual.length === expected.length && expected.every((resource) => actual.includes(resource));
  return same
    ? []
    : [
        {
          code: "kustomization-stale",
          file,
          path: "resources",
          message: "does not list the versions that are served",
          hint,
        },
      ];
}
