import type { Environment } from "../../schemas/environment.ts";
import type { ModelDeployment } from "../../schemas/model-deployment.ts";
import type { ModelVersion } from "../../schemas/model-version.ts";
import type { Problem } from "../../schemas/problem.ts";
import type { Project } from "../../schemas/project.ts";
import { checkDocuments } from "../../schemas/check-documents.ts";
import type { ReadTree } from "../../schemas/read-tree.ts";
import { environmentWith, projectWith, type Settings } from "../../schemas/settings.ts";
import { paths, placeOf, root } from "../../schemas/tree.ts";

/** What the documents ask of a gateway of one environment. */
export interface Wanted {
  readonly policy: Environment | null;
  readonly project: Project | null;
  /** By model. A document that is broken now is the last good one. */
  readonly deployments: ReadonlyMap<string, ModelDeployment>;
  /** Models that there is a deployment document of, readable or not. */
  readonly documented: ReadonlySet<string>;
  readonly versions: ReadonlyMap<string, ReadonlyMap<number, ModelVersion>>;
  readonly problems: readonly Problem[];
  /** What each file came to: those that stay as they are need not be parsed again. */
  readonly read: ReadTree["read"];
}

/** The last good documents, and what was read last. */
export type LastGood = Pick<Wanted, "policy" | "project" | "deployments" | "read">;

/**
 * Reads one state of the source. Where a document is there but cannot be read, the last good one goes on; where it is
 * gone, so is what it served. Broken rules are told but do not stop a document: its effective form is what is served.
 * `settings`: what variables say instead of the files.
 */
export function readWanted(
  files: ReadonlyMap<string, string>,
  environment: string,
  last: LastGood,
  settings: Settings = {},
): Wanted {
  const { tree, problems, read } = checkDocuments(files, last.read);
  const deployments = new Map(tree.deployments.get(environment));
  for (const [model, deployment] of last.deployments) {
    if (!deployments.has(model) && files.has(paths.deployment(environment, model))) deployments.set(model, deployment);
  }
  const file = paths.environment(environment);
  const missing: Problem[] = files.has(file)
    ? []
    : [{ code: "environment-missing", file, message: "is not there", hint: "check the name of the environment" }];
  const ours = [`${root}/${environment}/`, `${root}/registry/`, paths.project];
  const policy = tree.environments.get(environment) ?? (files.has(file) ? last.policy : null);
  const project = tree.project ?? (files.has(paths.project) ? last.project : null);
  return {
    policy: policy && environmentWith(policy, settings),
    project: project && projectWith(project, settings),
    deployments,
    documented: documentedIn(files, environment),
    versions: tree.versions,
    read,
    problems: [...problems, ...missing].filter(
      (problem) => problem.file === undefined || ours.some((prefix) => problem.file?.startsWith(prefix)),
    ),
  };
}

function documentedIn(files: ReadonlyMap<string, string>, environment: string): ReadonlySet<string> {
  const places = [...files.keys()].map(placeOf);
  return new Set(
    places.flatMap((place) => (place?.kind === "deployment" && place.environment === environment ? [place.model] : [])),
  );
}

/** A document of the past that does not bring back what a newer one rejects. */
export function withRejectionsOf(past: ModelDeployment, newer: ModelDeployment): ModelDeployment {
  const rejected = newer.spec.rejected ?? [];
  return rejected.length === 0 ? past : { ...past, spec: { ...past.spec, rejected } };
}
