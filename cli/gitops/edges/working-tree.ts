import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fail, ProblemError } from "../../../schemas/problem.ts";
import { paths, type DocumentKind } from "../../../schemas/tree.ts";
import type { FileWrite, Scope, Snapshot } from "../core/ports.ts";
import { readDocuments, readNames } from "./working-tree-read.ts";

/** The files of a clone, as they are on disk now: no commit, no network. */
export interface WorkingTree {
  /** The documents in the scope, and mmsp.yaml. */
  read(scope: Scope): Promise<Snapshot>;
  /** Every document, or every one of some kinds, and what is wrong with each that is no readable text. */
  readEvery(
    kinds?: ReadonlySet<DocumentKind>,
  ): Promise<Pick<Snapshot, "files" | "unreadable"> & { has(path: string): boolean }>;
  /** Every document. Throws a ProblemError that tells every file that is no readable text. */
  readAll(): Promise<ReadonlyMap<string, string>>;
  /** All files or none; returns the paths whose content really changed. Throws a ProblemError where it cannot. */
  write(files: readonly FileWrite[]): Promise<readonly string[]>;
}

/**
 * `rootDir` is the folder that holds `environments/`; see `findRoot`. Reads and writes without giving the thread away: for
 * thousands of small files that is the fastest way, and nothing else runs in a command meanwhile.
 */
export function openWorkingTree(rootDir: string): WorkingTree {
  return {
    read: async (scope) => ({
      head: null,
      ...readDocuments(rootDir, scope),
      ...readNames(rootDir),
      proposals: [],
    }),
    readEvery: async (kinds) => ({
      ...readDocuments(rootDir, { models: null, environments: null, kinds }),
      has: (path) => existsSync(join(rootDir, path)),
    }),
    readAll: async () => {
      const { files, unreadable } = readDocuments(rootDir, { models: null, environments: null });
      if (unreadable.length > 0) throw new ProblemError(unreadable);
      return files;
    },
    write: async (files) => (await import("./working-tree-write.ts")).writeAll(rootDir, files),
  };
}

/** The nearest folder, from `start` upwards, that holds `environments/mmsp.yaml`, as git looks for `.git`. */
export function findRoot(start: string): string {
  const first = resolve(start);
  for (let folder = first; ; folder = dirname(folder)) {
    if (existsSync(join(folder, paths.project))) return folder;
    if (folder === dirname(folder)) break;
  }
  const message = existsSync(first) ? `no ${paths.project} here or in a folder above` : "there is no such folder";
  return fail({
    code: "project-missing",
    file: start,
    message,
    hint: "run `mmsp init` in your repository, or name its folder with -C",
  });
}
