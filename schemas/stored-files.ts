import { servedSet } from "./effective.ts";
import type { ModelVersion } from "./model-version.ts";
import { isInRepository, storePath } from "./store.ts";
import { paths, type Tree } from "./tree.ts";

/** A file that has to be in a folder of the repository. */
export interface StoredFile {
  readonly store: string;
  readonly key: string;
  /** The document that names it, and where in it. */
  readonly file: string;
  readonly path: string;
}

/**
 * What the stores inside the repository have to hold, each file once: the project's every version that is registered, an
 * environment's own what it serves.
 */
export function storedFiles(tree: Tree): readonly StoredFile[] {
  const found = new Map<string, StoredFile>();
  for (const { store, document } of placesOf(tree)) {
    if (!isInRepository(store)) continue;
    const { model, version, artifact, baseline } = document.spec;
    const keys = [
      ["artifact", artifact.key] as const,
      ...(artifact.files ?? []).map((file, at) => [`artifact.files[${at}]`, file.key] as const),
      ["baseline", baseline?.key] as const,
    ];
    for (const [name, key] of keys) {
      if (key === undefined) continue;
      const stored = { store, key, file: paths.version(model, version), path: `spec.${name}.key` };
      found.set(storePath(store, key), found.get(storePath(store, key)) ?? stored);
    }
  }
  return [...found.values()];
}

function* placesOf(tree: Tree): Iterable<{ readonly store: string; readonly document: ModelVersion }> {
  const common = tree.project?.spec.artifactStore;
  if (common !== undefined) {
    for (const versions of tree.versions.values()) {
      for (const document of versions.values()) yield { store: common, document };
    }
  }
  for (const [environment, deployments] of tree.deployments) {
    const store = tree.environments.get(environment)?.spec.artifactStore;
    if (store === undefined) continue;
    for (const [model, deployment] of deployments) {
      for (const version of servedSet(deployment)) {
        const document = tree.versions.get(model)?.get(version);
        if (document !== undefined) yield { store, document };
      }
    }
  }
}
