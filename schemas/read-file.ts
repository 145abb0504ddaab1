import { parseManifest, readYaml, type DocumentPath } from "./document.ts";
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
import type { withPositions } from "./positions.ts";
import type { Problem } from "./problem.ts";
import type { Project } from "./project.ts";
import { problemsIn } from "./rules/say.ts";
import type { opaque, opaqueContent, withoutFields } from "./sound-parts.ts";
import { meantPath, placeOf, type DocumentPlace } from "./tree.ts";

/** One document, by its kind, with the names that its path has. */
export type Content =
  | { readonly kind: "project"; readonly value: Project }
  | { readonly kind: "environment"; readonly environment: string; readonly value: Environment }
  | { readonly kind: "version"; readonly model: string; readonly version: number; readonly value: ModelVersion }
  | {
      readonly kind: "deployment";
      readonly environment: string;
      readonly model: string;
      readonly value: ModelDeployment;
    }
  | { readonly kind: "kustomization"; readonly resources: readonly string[] };

/** What a text came to. */
export interface ReadFile {
  readonly text: string;
  /** null where the document is broken, or holds something else than its path says. */
  readonly content: Content | null;
  /** What can be read of a broken one all the same, see sound-parts.ts: for rules, nothing acts on it. */
  readonly parts?: Content | null;
  readonly problems: readonly Problem[];
}

/** Parses and validates one file; null where it is no document of ours. */
export function readFile(path: string, text: string): ReadFile | null {
  const place = placeOf(path);
  if (place !== null) return { text, ...contentOf(place, path, text) };
  const meant = placeOf(meantPath(path));
  if (meant === null) return null;
  const problem = { code: "file-extension", file: path, message: "would not be read", hint: "rename it to .yaml" };
  const { problems } = contentOf(meant, path, text);
  return { text, content: null, parts: sound().opaqueContent(meant), problems: [problem, ...problems] };
}

type Result = Omit<ReadFile, "text">;

function contentOf(place: DocumentPlace, path: string, text: string): Result {
  switch (place.kind) {
    case "project":
      return manifest(path, text, validateProject, (value) => ({ kind: "project", value }), []);
    case "environment": {
      const { environment } = place;
      return manifest(path, text, validateEnvironment, (value) => ({ kind: "environment", environment, value }), [
        [["metadata", "name"], ({ metadata }) => metadata.name, () => environment],
      ]);
    }
    case "version": {
      const { model, version } = place;
      const understand = (value: ModelVersion): Content => ({
        kind: "version",
        model,
        version: Number(version),
        value,
      });
      return manifest(path, text, validateModelVersion, understand, [
        [["metadata", "name"], ({ metadata }) => metadata.name, ({ spec }) => `${spec.model}-${spec.version}`],
        [["spec", "model"], ({ spec }) => spec.model, () => model],
        [["spec", "version"], ({ spec }) => String(spec.version), () => version],
      ]);
    }
    case "deployment": {
      const { environment, model } = place;
      const understand = (value: ModelDeployment): Content => ({ kind: "deployment", environment, model, value });
      return manifest(path, text, validateModelDeployment, understand, [
        [["metadata", "name"], ({ metadata }) => metadata.name, () => model],
        [["spec", "model"], ({ spec }) => spec.model, () => model],
      ]);
    }
    case "kustomization":
      return kustomization(path, text);
  }
}

/** Field, what it says, and what it has to say. */
type Name<T> = readonly [field: DocumentPath, actual: (value: T) => string, expected: (value: T) => string];

function manifest<T extends object>(
  file: string,
  text: string,
  validate: Validate<T>,
  understand: (value: T) => Content,
  names: readonly Name<T>[],
): Result {
  const parsed = parseManifest(file, text, validate);
  const value = "parts" in parsed ? parsed.parts : parsed.value;
  const { problems: mismatches, say, rule } = problemsIn(file);
  const wrong: DocumentPath[] = [];
  for (const [path, actual, expected] of names) {
    rule(() => {
      const [is, says] = [actual(value), expected(value)];
      if (is === says) return;
      say("path-mismatch", path, `is "${is}", but the path says "${says}"`, "move the file or mend the name");
      wrong.push(path);
    });
  }
  if (parsed.value !== null && wrong.length === 0) return { content: understand(parsed.value), problems: [] };
  const parts = understand(sound().withoutFields(value, wrong));
  return { content: null, parts, problems: [...parsed.problems, ...placed(mismatches, file, text)] };
}

function kustomization(file: string, text: string): Result {
  const { value, problems } = readYaml(file, text);
  const broken = (problems: readonly Problem[]): Result => {
    const parts = { kind: "kustomization", resources: sound().opaque() } as const;
    return { content: null, parts, problems: placed(problems, file, text) };
  };
  if (problems.length > 0) return broken(problems);
  const resources: unknown = (value as { resources?: unknown } | null)?.resources;
  if (Array.isArray(resources) && resources.every((resource) => typeof resource === "string")) {
    return { content: { kind: "kustomization", resources }, problems };
  }
  const hint = "resources: [deployment.yaml]";
  return broken([
    { code: "kustomization-resources", file, path: "resources", message: "must be a list of paths", hint },
  ]);
}

/** With line and column. Loaded, as below, where a document is broken. */
function placed(problems: readonly Problem[], file: string, text: string): readonly Problem[] {
  const positions = require("./positions.ts") as { readonly withPositions: typeof withPositions };
  return positions.withPositions(problems, new Map([[file, text]]));
}

function sound(): Readonly<{
  opaque: typeof opaque;
  opaqueContent: typeof opaqueContent;
  withoutFields: typeof withoutFields;
}> {
  return require("./sound-parts.ts") as ReturnType<typeof sound>;
}
