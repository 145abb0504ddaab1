import { existsSync, readdirSync, readFileSync, statSync, type Dirent } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { maxDocumentBytes } from "../../../schemas/document.ts";
import { fail, ProblemError, type Problem } from "../../../schemas/problem.ts";
import { isDocument, paths, root } from "../../../schemas/tree.ts";
import type { FileWrite, Scope, Snapshot } from "../core/ports.ts";
import { codeOf, systemReason } from "./input-file.ts";
import { resolveInside } from "./safe-path.ts";
import { writeAll } from "./working-tree-write.ts";

/** The files of a clone, as they are on disk now: no commit, no network. */
export interface WorkingTree {
  /** The documents in the scope, and mmsp.yaml. Throws a ProblemError that tells every file that is no readable text. */
  read(scope: Scope): Promise<Snapshot>;
  /** Every document, as `read`. */
  readAll(): Promise<ReadonlyMap<string, string>>;
  /** All files or none; returns the paths whose content really changed. Throws a ProblemError where it cannot. */
  write(files: readonly FileWrite[]): Promise<readonly string[]>;
}

/**
 * `rootDir` is the folder that holds `environments/`; see `findRoot`. Reads and writes without giving the thread away: for
 * thousands of small files that is the fastest way, and nothing else runs in a command meanwhile.
 */
export function openWorkingTree(rootDir: string): WorkingTree {
  async function read(scope: Scope): Promise<Snapshot> {
    const { environmentNames, modelNames } = namesOf(rootDir);
    const files = readTexts(rootDir, documentPaths(rootDir, scope));
    return { head: null, files, environmentNames, modelNames, proposals: [] };
  }
  return {
    read,
    readAll: async () => readTexts(rootDir, documentPaths(rootDir, { model: null, environments: null })),
    write: async (files) => writeAll(rootDir, files),
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

const registry = "registry";

function namesOf(rootDir: string): Pick<Snapshot, "environmentNames" | "modelNames"> {
  const environmentNames = foldersIn(rootDir, root).filter(
    (name) => name !== registry && existsSync(join(rootDir, paths.environment(name))),
  );
  return { environmentNames, modelNames: foldersIn(rootDir, `${root}/${registry}`) };
}

/** Paths of the documents in a scope; `environments: null` stands for all of them. */
function documentPaths(
  rootDir: string,
  scope: { readonly model: string | null; readonly environments: readonly string[] | null },
): string[] {
  const modelsIn = (folder: string) => (scope.model === null ? foldersIn(rootDir, folder) : [scope.model]);
  const folders: string[] = [root];
  for (const model of modelsIn(`${root}/${registry}`)) {
    const versions = `${root}/${registry}/${model}`;
    folders.push(...foldersIn(rootDir, versions).map((version) => `${versions}/${version}`));
  }
  for (const environment of scope.environments ?? foldersIn(rootDir, root).filter((name) => name !== registry)) {
    const models = modelsIn(`${root}/${environment}/models`);
    folders.push(`${root}/${environment}`, ...models.map((model) => paths.deploymentFolder(environment, model)));
  }
  // A document whose extension is .yml is read too, so that somebody tells that it counts for nothing.
  return folders
    .flatMap((folder) => entriesIn(rootDir, folder).map((entry) => `${folder}/${entry.name}`))
    .filter((path) => isDocument(path.replace(/\.yml$/, ".yaml")));
}

function foldersIn(rootDir: string, folder: string): string[] {
  return entriesIn(rootDir, folder)
    .filter(
      (entry) =>
        entry.isDirectory() ||
        (entry.isSymbolicLink() && statSync(resolveInside(rootDir, `${folder}/${entry.name}`)).isDirectory()),
    )
    .map((entry) => entry.name);
}

/** What a folder holds, by name, without hidden files; nothing where there is no such folder. */
function entriesIn(rootDir: string, folder: string): Dirent[] {
  const place = resolveInside(rootDir, folder);
  try {
    return readdirSync(place, { withFileTypes: true })
      .filter((entry) => !entry.name.startsWith("."))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (cause) {
    if (["ENOENT", "ENOTDIR"].includes(codeOf(cause) ?? "")) return [];
    const message = `cannot be listed: ${systemReason(cause)}`;
    return fail({ code: "folder-unreadable", file: folder, message, hint: "check its permissions" }, { cause });
  }
}

function readTexts(rootDir: string, documents: readonly string[]): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  const problems: Problem[] = [];
  for (const path of documents) {
    try {
      texts.set(path, readText(rootDir, path));
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new ProblemError(problems);
  return texts;
}

/** Byte for byte what the file says, a byte order mark included, because edits are written back. */
function readText(rootDir: string, path: string): string {
  const bytes = readBytes(path, resolveInside(rootDir, path));
  const text = decode(bytes);
  if (text !== null) return text;
  return fail({ code: "document-not-text", file: path, message: "is not UTF-8 text", hint: "save it as UTF-8" });
}

function readBytes(file: string, place: string): Uint8Array {
  try {
    const { size, isFile } = kindOf(place);
    if (!isFile)
      fail({ code: "file-not-regular", file, message: "is not a regular file", hint: "remove or rename it" });
    if (size <= maxDocumentBytes) return readFileSync(place);
  } catch (cause) {
    if (cause instanceof ProblemError) throw cause;
    const message = `could not be read: ${systemReason(cause)}`;
    fail({ code: "file-unreadable", file, message, hint: "check its permissions" }, { cause });
  }
  const message = `has more than ${maxDocumentBytes} bytes`;
  return fail({ code: "document-too-large", file, message, hint: "manifests are small: check what is in it" });
}

/** Looked at before opening: a pipe or a device could make a read wait for ever. */
function kindOf(place: string): { size: number; isFile: boolean } {
  const found = statSync(place);
  return { size: found.size, isFile: found.isFile() };
}

function decode(bytes: Uint8Array): string | null {
  if (bytes.includes(0)) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
