import { parseManifest, readYaml } from "./document.ts";
import type { Environment } from "./environment.ts";
import {
  validateEnvironment,
  validateModelDeployment,
  validateModelVersion,
  validateProject,
  type Validate,
} from "./kinds.ts";
import type { ModelDeployment } from "./model-deployment.ts";
import type { ModelVersion } from "./model-version.ts";
import type { Problem } from "./problem.ts";
import type { Project } from "./project.ts";
import { isDocument, placeOf, type DocumentPlace } from "./tree.ts";

/** One document, by its kind. */
export type Content =
  | { readonly kind: "project"; readonly value: Project }
  | { readonly kind: "environment"; readonly value: Environment }
  | { readonly kind: "version"; readonly value: ModelVersion }
  | { readonly kind: "deployment"; readonly environment: string; readonly value: ModelDeployment }
  | { readonly kind: "kustomization"; readonly resources: readonly string[] };

/** What a text came to. */
export interface ReadFile {
  readonly text: string;
  /** null where the document is broken, or holds something else than its path says. */
  readonly content: Content | null;
  readonly problems: readonly Problem[];
}

/** Parses and validates one file; null where it is no document of ours. */
export function readFile(path: string, text: string): ReadFile | null {
  const place = placeOf(path);
  if (place !== null) return { text, ...contentOf(place, path, text) };
  if (!isDocument(path.replace(/\.yml$/, ".yaml"))) return null;
  const problem = { code: "file-extension", file: path, message: "would not be read", hint: "rename it to .yaml" };
  return { text, content: null, problems: [problem] };
}

type Result = Omit<ReadFile, "text">;

function contentOf(place: DocumentPlace, path: string, text: string): Result {
  switch (place.kind) {
    case "project":
      return manifest(path, text, validateProject, (value) => ({ content: { kind: "project", value }, names: [] }));
    case "environment":
      return manifest(path, text, validateEnvironment, (value) => ({
        content: { kind: "environment", value },
        names: [["metadata.name", value.metadata.name, place.environment]],
      }));
    case "version":
      return manifest(path, text, validateModelVersion, (value) => ({
        content: { kind: "version", value },
        names: [
          ["metadata.name", value.metadata.name, `${value.spec.model}-${value.spec.version}`],
          ["spec.model", value.spec.model, place.model],
          ["spec.version", String(value.spec.version), place.version],
        ],
      }));
    case "deployment":
      return manifest(path, text, validateModelDeployment, (value) => ({
        content: { kind: "deployment", environment: place.environment, value },
        names: [
          ["metadata.name", value.metadata.name, place.model],
          ["spec.model", value.spec.model, place.model],
        ],
      }));
    case "kustomization":
      return kustomization(path, text);
  }
}

/** Field, what it says, and what it has to say. */
type Name = readonly [field: string, actual: string, expected: string];

function manifest<T>(
  file: string,
  text: string,
  validate: Validate<T>,
  understand: (value: T) => { readonly content: Content; readonly names: readonly Name[] },
): Result {
  const { value, problems } = parseManifest(file, text, validate);
  if (value === null) return { content: null, problems };
  const { content, names } = understand(value);
  const wrong = names.filter(([, actual, expected]) => actual !== expected);
  if (wrong.length === 0) return { content, problems };
  const mismatches = wrong.map(([path, actual, expected]) => {
    const message = `is "${actual}", but the path says "${expected}"`;
    return { code: "path-mismatch", file, path, message, hint: "move the file or mend the name" };
  });
  return { content: null, problems: mismatches };
}

function kustomization(file: string, text: string): Result {
  const { value, problems } = readYaml(file, text);
  if (problems.length > 0) return { content: null, problems };
  const resources: unknown = (value as { resources?: unknown } | null)?.resources;
  if (Array.isArray(resources) && resources.every((resource) => typeof resource === "string")) {
    return { content: { kind: "kustomization", resources }, problems };
  }
  const hint = "resources: [deployment.yaml]";
  const message = "must be a list of paths";
  return {
    content: null,
    problems: [{ code: "kustomization-resources", file, path: "resources", message, hint }],
  };
}
