import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Glob } from "bun";
import { packagedFile } from "../executable/packaged.ts";
import { fail } from "../../schemas/problem.ts";
import { paths } from "../../schemas/tree.ts";

/** The files that a repository starts with; `{{name}}` stands for what init knows. */
const templates = "templates/project";

/**
 * Files that this folder is to have, mmsp.yaml last: once it is there the tree is laid out, and an environment that it lacks was
 * taken out by somebody.
 */
function wanted(source: string, folder: string): readonly string[] {
  const all = [...new Glob("**/*").scanSync({ cwd: source, dot: true })].toSorted();
  const others = all.filter((path) => path !== paths.project);
  if (!existsSync(join(folder, paths.project))) return [...others, paths.project];
  const kept = others.filter((path) => !path.endsWith("/environment.yaml") || existsSync(join(folder, path)));
  return [...kept, paths.project];
}

/** A file that is not there yet, and what it is to say. */
interface NewFile {
  readonly path: string;
  readonly content: string;
}

export interface FilesDraft {
  readonly writes: readonly NewFile[];
  readonly kept: readonly string[];
}

/** What is not there yet; values stand for `{{name}}`. */
export function draftFiles(folder: string, values: Readonly<Record<string, string>>): FilesDraft {
  const source = packagedFile(templates);
  const isThere = (path: string): boolean => existsSync(join(folder, path));
  const all = wanted(source, folder);
  const writes = all
    .filter((path) => !isThere(path))
    .map((path) => {
      const text = readFileSync(join(source, path), "utf8");
      return { path, content: text.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? "") };
    });
  return { writes, kept: all.filter(isThere) };
}

/** Writes them, never over what has come meanwhile. Throws a ProblemError where that cannot be. */
export function writeFiles(folder: string, writes: readonly NewFile[]): void {
  for (const { path, content } of writes) {
    const target = join(folder, path);
    try {
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, content, { flag: "wx" });
    } catch (error) {
      const message = `cannot be written: ${error instanceof Error ? error.message : String(error)}`;
      fail({
        code: "file-unwritable",
        file: path,
        message,
        hint: "mend that, then run it again: it goes on from here",
      });
    }
  }
}
