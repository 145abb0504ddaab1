import type { ValidateFunction } from "ajv";
import { parseManifest, parseYaml } from "./document.ts";
import type { Environment } from "./environment.ts";
import {
  validateEnvironment,
  validateModelDeployment,
  validateModelVersion,
  validateProject,
} from "./json/validators.js";
import type { ModelDeployment } from "./model-deployment.ts";
import type { ModelVersion } from "./model-version.ts";
import type { Problem } from "./problem.ts";
import type { Project } from "./project.ts";

/** The folder of the repository that holds all documents. */
export const root = "environments";

/** Where each document stands. The only home of these paths. */
export const paths = {
  project: `${root}/mmsp.yaml`,
  environment: (environment: string) => `${root}/${environment}/environment.yaml`,
  deploymentFolder: (environment: string, model: string) => `${root}/${environment}/models/${model}`,
  deployment: (environment: string, model: string) => `${root}/${environment}/models/${model}/deployment.yaml`,
  deploymentKustomization: (environment: string, model: string) =>
    `${root}/${environment}/models/${model}/kustomization.yaml`,
  versionFolder: (model: string, version: number) => `${root}/registry/${model}/${version}`,
  version: (model: string, version: number) => `${root}/registry/${model}/${version}/model-version.yaml`,
  versionKustomization: (model: string, version: number) => `${root}/registry/${model}/${version}/kustomization.yaml`,
} as const;

/** What a kustomization of a model folder refers to for each version served. */
export function versionResource(model: string, version: number): string {
  return `../../../registry/${model}/${version}`;
}

/** Documents of one state of the repository, or of the part of it that was read. */
export interface Tree {
  readonly project: Project | null;
  readonly environments: ReadonlyMap<string, Environment>;
  /** model -> version -> document */
  readonly versions: ReadonlyMap<string, ReadonlyMap<number, ModelVersion>>;
  /** environment -> model -> document */
  readonly deployments: ReadonlyMap<string, ReadonlyMap<string, ModelDeployment>>;
  /** path -> `resources` of each kustomization.yaml of a registry or model folder */
  readonly kustomizations: ReadonlyMap<string, readonly string[]>;
}

export interface ReadTree {
  readonly tree: Tree;
  readonly problems: readonly Problem[];
}

const versionFile = /^environments\/registry\/([^/]+)\/([^/]+)\/model-version\.yaml$/;
const deploymentFile = /^environments\/([^/]+)\/models\/([^/]+)\/deployment\.yaml$/;
const environmentFile = /^environments\/([^/]+)\/environment\.yaml$/;
const kustomizationFile = /^environments\/(registry\/[^/]+\/[^/]+|[^/]+\/models\/[^/]+)\/kustomization\.yaml$/;

const modelFile = /^environments\/(?:registry|[^/]+\/models)\/([^/]+)\//;

/** The model whose document or folder this is; null for what all models share (the project, an environment's policy). */
export function modelOf(path: string): string | null {
  return modelFile.exec(path)?.[1] ?? null;
}

/** Files that belong to no kind (a README, a platform overlay) are left alone. */
export function isDocument(path: string): boolean {
  return (
    path === paths.project ||
    [versionFile, deploymentFile, environmentFile, kustomizationFile].some((file) => file.test(path))
  );
}

/**
 * Parses and validates all documents among `files` (path -> text). A broken document is left out of the tree and told in
 * `problems`, as is one whose folder does not say what it holds; the others are there.
 */
export function readTree(files: ReadonlyMap<string, string>): ReadTree {
  const problems: Problem[] = [];
  const environments = new Map<string, Environment>();
  const versions = new Map<string, Map<number, ModelVersion>>();
  const deployments = new Map<string, Map<string, ModelDeployment>>();
  const kustomizations = new Map<string, readonly string[]>();
  let project: Project | null = null;

  function parse<T>(path: string, text: string, validate: ValidateFunction<T>): T | null {
    const parsed = parseManifest(path, text, validate);
    problems.push(...parsed.problems);
    return parsed.value;
  }

  for (const [path, text] of files) {
    let match: RegExpExecArray | null;
    if (path === paths.project) {
      project = parse(path, text, validateProject);
    } else if ((match = versionFile.exec(path))) {
      const value = parse(path, text, validateModelVersion);
      const { model, version } = value?.spec ?? { model: "", version: 0 };
      const expected = { "metadata.name": `${model}-${version}`, "spec.model": match[1], "spec.version": match[2] };
      if (
        value &&
        agrees(problems, path, expected, {
          "metadata.name": value.metadata.name,
          "spec.model": model,
          "spec.version": String(version),
        })
      ) {
        childOf(versions, model).set(version, value);
      }
    } else if ((match = deploymentFile.exec(path))) {
      const [, environment = "", model] = match;
      const value = parse(path, text, validateModelDeployment);
      const expected = { "metadata.name": model, "spec.model": model };
      if (
        value &&
        agrees(problems, path, expected, { "metadata.name": value.metadata.name, "spec.model": value.spec.model })
      ) {
        childOf(deployments, environment).set(value.spec.model, value);
      }
    } else if ((match = environmentFile.exec(path))) {
      const value = parse(path, text, validateEnvironment);
      if (value && agrees(problems, path, { "metadata.name": match[1] }, { "metadata.name": value.metadata.name })) {
        environments.set(value.metadata.name, value);
      }
    } else if (kustomizationFile.test(path)) {
      const resources = readResources(path, text, problems);
      if (resources) kustomizations.set(path, resources);
    } else if (isDocument(path.replace(/\.yml$/, ".yaml"))) {
      problems.push({ code: "file-extension", file: path, message: "would not be read", hint: "rename it to .yaml" });
    }
  }
  return { tree: { project, environments, versions, deployments, kustomizations }, problems };
}

/** True when every field has the value that the path asks for; says so otherwise. */
function agrees(
  problems: Problem[],
  file: string,
  expected: Record<string, string | undefined>,
  actual: Record<string, string>,
): boolean {
  const wrong = Object.entries(actual).filter(([path, value]) => expected[path] !== value);
  for (const [path, value] of wrong) {
    const message = `is "${value}", but the path says "${expected[path] ?? ""}"`;
    problems.push({ code: "path-mismatch", file, path, message, hint: "move the file or mend the name" });
  }
  return wrong.length === 0;
}

function readResources(file: string, text: string, problems: Problem[]): readonly string[] | null {
  const read = parseYaml(file, text);
  problems.push(...read.problems);
  if (read.problems.length > 0) return null;
  const resources: unknown = (read.value as { resources?: unknown } | null)?.resources;
  if (Array.isArray(resources) && resources.every((resource) => typeof resource === "string")) return resources;
  problems.push({ code: "kustomization-resources", file, path: "resources", message: "must be a list of paths" });
  return null;
}

function childOf<K, C, V>(map: Map<K, Map<C, V>>, key: K): Map<C, V> {
  const child = map.get(key) ?? new Map<C, V>();
  map.set(key, child);
  return child;
}
