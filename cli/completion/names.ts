import { existsSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { paths, root } from "../../schemas/tree.ts";
import type { Names } from "./complete.ts";

/** Names become part of a command line that somebody is about to run: anything else than a name is left out. */
const namePattern = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;
const versionPattern = /^[1-9]\d{0,9}$/;

/**
 * Names of the working tree around `start`, from its folders alone: no document is read, as somebody waits with a finger on
 * Tab. Empty outside of a project.
 */
export function namesAround(start: string): Names {
  const rootDir = findRoot(resolve(start));
  const folders = (path: string): readonly string[] => (rootDir === null ? [] : foldersIn(join(rootDir, path)));
  const named = (path: string): readonly string[] => folders(path).filter((name) => namePattern.test(name));
  return {
    environments: () =>
      named(root).filter((name) => rootDir !== null && existsSync(join(rootDir, paths.environment(name)))),
    models: () => named(`${root}/registry`),
    versions: (model) =>
      folders(`${root}/registry/${namePattern.test(model) ? model : "."}`)
        .filter((name) => versionPattern.test(name))
        .map(Number)
        .toSorted((a, b) => b - a),
  };
}

/** As `findRoot` of the working tree, which loads much more. */
function findRoot(start: string): string | null {
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, paths.project))) return folder;
    if (folder === dirname(folder)) return null;
  }
}

function foldersIn(path: string): readonly string[] {
  try {
    const entries = readdirSync(path, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
      .map((entry) => entry.name)
      .toSorted();
  } catch {
    return [];
  }
}
