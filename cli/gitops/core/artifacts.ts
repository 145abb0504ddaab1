import { filesOf } from "../../../schemas/artifact.ts";
import type { Environment } from "../../../schemas/environment.ts";
import type { ModelVersion } from "../../../schemas/model-version.ts";
import type { Problem } from "../../../schemas/problem.ts";
import type { Project } from "../../../schemas/project.ts";
import { isInRepository } from "../../../schemas/store.ts";
import type { ArtifactChange } from "./change.ts";
import { size } from "./size.ts";

/** Bytes of a file in a repository-relative store: it becomes part of a commit. */
const maxCommittedBytes = 10 * 1024 * 1024;

/** Where an environment reads its models from: its own store, or mmsp.yaml's. */
export function storeOf(environment: Environment | undefined, project: Project | null): string | null {
  return environment?.spec.artifactStore ?? project?.spec.artifactStore ?? null;
}

/** `sha256/<digest>/<file>`; the file keeps its name as far as a key may hold it. */
export function artifactKey(sha256: string, file: string): string {
  const name = (file.split(/[/\\]/).at(-1) ?? "").replaceAll(/[^A-Za-z0-9._-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "");
  return `sha256/${sha256}/${name === "" ? "model.onnx" : name}`;
}

/** A file too large to be committed, where the store is a folder of the repository. */
export function sizeProblems(what: string, sizeBytes: number, store: string | null): Problem[] {
  if (store === null || !isInRepository(store) || sizeBytes <= maxCommittedBytes) return [];
  return [
    {
      code: "artifact-too-large",
      message: `${what} has ${size(sizeBytes)}; a store inside the repository ("${store}") takes ${size(maxCommittedBytes)} at most`,
      hint: "use an artifactStore such as file:///srv/models or s3://bucket/prefix in environments/mmsp.yaml",
    },
  ];
}

/** What has to be copied for a version to be found in another store. By reference (`uri`), nothing has. */
export function storeCopies(version: ModelVersion | null, from: string | null, to: string | null): Copies {
  if (version === null || from === null || to === null || from === to) return { artifacts: [], problems: [] };
  const { artifact, baseline } = version.spec;
  const files = [...filesOf(artifact), ...(baseline ? [baseline] : [])].flatMap(({ key, sha256, sizeBytes }) =>
    key === undefined ? [] : [{ key, sha256, sizeBytes }],
  );
  return {
    artifacts: onceEach(
      files.map(({ key, sha256 }) => ({ key, sha256, from: { kind: "store", store: from }, store: to })),
    ),
    problems: files.flatMap(({ key, sizeBytes }) => sizeProblems(key.split("/")[2] ?? key, sizeBytes, to)),
  };
}

/** Files of a model may be the same: they have one place then, and a commit has each file once. */
export function onceEach(artifacts: readonly ArtifactChange[]): readonly ArtifactChange[] {
  return [...new Map(artifacts.map((artifact) => [artifact.key, artifact])).values()];
}

export interface Copies {
  readonly artifacts: readonly ArtifactChange[];
  readonly problems: readonly Problem[];
}
