import {
  chmodSync,
  closeSync,
  copyFileSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fail } from "../../../schemas/problem.ts";
import { placeOf } from "../../../schemas/tree.ts";
import type { FileWrite } from "../core/ports.ts";
import { resolveInside } from "./safe-path.ts";
import { codeOf, systemReason } from "./system-error.ts";

type Move = (from: string, to: string) => void;

/** One file on its way. What it becomes and what it was wait beside it, on the same file system. */
interface Step extends FileWrite {
  readonly place: string;
  /** Permission bits of the file that is there; null: none is. */
  readonly mode: number | null;
  readonly next: string;
  readonly before: string;
}

/**
 * Writes all files or none. The new contents are prepared beside their places, then moved there one by one; whatever fails,
 * what was there before is put back and folders that were made are removed. Who is killed in between cannot put back, so the
 * documents that say what is served are moved last: until then, whoever plans the change again finds it still to be made.
 * Files that have that content already are not touched. Returns the paths that changed. `move`: how a file gets to its place.
 */
export function writeAll(rootDir: string, files: readonly FileWrite[], move: Move = renameSync): readonly string[] {
  refuseDuplicates(files);
  const steps = files.map((file) => stepOf(rootDir, file)).filter(changesSomething);
  const applied: Step[] = [];
  const folders: string[] = [];
  let at = "";
  try {
    for (const step of steps) {
      at = step.path;
      if (step.content !== null) folders.push(...makeFolders(dirname(step.place)));
      prepare(step);
    }
    for (const step of steps.toSorted((a, b) => rank(a) - rank(b))) {
      at = step.path;
      apply(step, move);
      applied.push(step);
    }
  } catch (cause) {
    const lost = applied.reverse().filter((step) => !undo(step));
    cleanUp(steps.filter((step) => !lost.includes(step)));
    for (const folder of folders.reverse()) removeIfEmpty(folder);
    fail(failure(at, cause, lost), { cause });
  }
  cleanUp(steps);
  for (const step of steps) if (step.content === null) removeEmptyAbove(step);
  return steps.map((step) => step.path);
}

/** A deployment that rejects a version ends its cut, so nobody would look at what else was to be written. */
function rank({ path }: Step): number {
  return placeOf(path)?.kind === "deployment" ? 1 : 0;
}

function refuseDuplicates(files: readonly FileWrite[]): void {
  const seen = new Set<string>();
  for (const { path } of files) {
    if (seen.has(path)) throw new Error(`${path} is written twice in one change`);
    seen.add(path);
  }
}

function stepOf(rootDir: string, file: FileWrite): Step {
  const place = resolveInside(rootDir, file.path);
  const beside = join(dirname(place), `.${crypto.randomUUID()}`);
  return { ...file, place, mode: modeOf(file.path, place), next: `${beside}.mmsp-new`, before: `${beside}.mmsp-old` };
}

function modeOf(file: string, place: string): number | null {
  const found = statSync(place, { throwIfNoEntry: false });
  if (found === undefined) return null;
  if (found.isFile()) return found.mode;
  return fail({ code: "file-not-regular", file, message: "is not a regular file", hint: "move it out of the way" });
}

function changesSomething({ content, mode, place }: Step): boolean {
  if (mode === null) return content !== null;
  if (content === null) return true;
  try {
    return !readFileSync(place).equals(Buffer.from(content));
  } catch {
    // It cannot be kept safe either: preparing it tells why.
    return true;
  }
}

function makeFolders(folder: string): string[] {
  const first = mkdirSync(folder, { recursive: true });
  if (first === undefined) return [];
  const made: string[] = [];
  for (let at = folder; at !== dirname(first); at = dirname(at)) made.unshift(at);
  return made;
}

function prepare({ content, mode, place, next, before }: Step): void {
  if (content !== null) {
    const descriptor = openSync(next, "wx");
    try {
      writeFileSync(descriptor, content);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    if (mode !== null) chmodSync(next, mode);
  }
  if (mode !== null) copyFileSync(place, before);
}

function apply({ content, place, next }: Step, move: Move): void {
  if (content === null) unlinkSync(place);
  else move(next, place);
}

/** Whether what was there is there again. */
function undo({ mode, place, before }: Step): boolean {
  try {
    if (mode === null) rmSync(place, { force: true });
    else renameSync(before, place);
    return true;
  } catch {
    return false;
  }
}

function cleanUp(steps: readonly Step[]): void {
  for (const file of steps.flatMap((step) => [step.next, step.before])) {
    try {
      rmSync(file, { force: true });
    } catch {
      // A hidden file too many harms nobody; the change itself is decided by now.
    }
  }
}

/** git keeps no empty folders, so neither does a deletion. */
function removeEmptyAbove({ place, path }: Step): void {
  let folder = dirname(place);
  for (let depth = path.split("/").length - 1; depth > 0 && removeIfEmpty(folder); depth -= 1) folder = dirname(folder);
}

function removeIfEmpty(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

function failure(file: string, cause: unknown, lost: readonly Step[]) {
  const message = `could not be written: ${systemReason(cause)}`;
  const kept = lost.map((step) => `${step.path} (its old content is in ${step.before})`).join(", ");
  const hint = lost.length === 0 ? "no file was changed; mend that and try again" : `put back by hand: ${kept}`;
  return { code: codeOf(cause) === "ENOSPC" ? "disk-full" : "tree-unwritable", file, message, hint };
}
