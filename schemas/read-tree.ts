import { readFile, type Content, type ReadFile } from "./read-file.ts";
import type { Environment } from "./environment.ts";
import type { ModelDeployment } from "./model-deployment.ts";
import type { ModelVersion } from "./model-version.ts";
import type { Problem } from "./problem.ts";
import type { Project } from "./project.ts";
import type { Tree } from "./tree.ts";

export interface ReadTree {
  readonly tree: Tree;
  readonly problems: readonly Problem[];
  /** What each document came to, by path: for the next reading of nearly the same files. */
  readonly read: ReadonlyMap<string, ReadFile>;
}

/**
 * Parses and validates all documents among `files` (path -> text). A broken document is left out of the tree and told in
 * `problems`, as is one whose folder does not say what it holds; the others are there. Of files that say what they said in
 * an `earlier` reading, that reading is taken.
 */
export function readTree(files: ReadonlyMap<string, string>, earlier: ReadTree["read"] = new Map()): ReadTree {
  const read = new Map<string, ReadFile>();
  for (const [path, text] of files) {
    const before = earlier.get(path);
    const file = before?.text === text ? before : readFile(path, text);
    if (file !== null) read.set(path, file);
  }
  const contents = [...read].map(([path, { content }]) => [path, content] as const);
  return { tree: treeOf(contents), problems: [...read.values()].flatMap(({ problems }) => problems), read };
}

/** Documents with their paths as a tree; null stands for one that is left out. */
export function treeOf(contents: Iterable<readonly [path: string, Content | null]>): Tree {
  let project: Project | null = null;
  const environments = new Map<string, Environment>();
  const versions = new Map<string, Map<number, ModelVersion>>();
  const deployments = new Map<string, Map<string, ModelDeployment>>();
  const kustomizations = new Map<string, readonly string[]>();
  for (const [path, content] of contents) {
    if (content?.kind === "project") project = content.value;
    else if (content?.kind === "environment") environments.set(content.environment, content.value);
    else if (content?.kind === "kustomization") kustomizations.set(path, content.resources);
    else if (content?.kind === "version") childOf(versions, content.model).set(content.version, content.value);
    else if (content?.kind === "deployment") {
      childOf(deployments, content.environment).set(content.model, content.value);
    }
  }
  return { project, environments, versions, deployments, kustomizations };
}

function childOf<K, C, V>(map: Map<K, Map<C, V>>, key: K): Map<C, V> {
  const child = map.get(key) ?? new Map<C, V>();
  map.set(key, child);
  return child;
}
