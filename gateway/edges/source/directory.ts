import { existsSync, watch as watchFiles, type FSWatcher } from "node:fs";
import { realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import { fail } from "../../../schemas/problem.ts";
import { root } from "../../../schemas/tree.ts";
import type { Source, SourceState } from "../../core/ports.ts";
import { checkRelative, digestOf, isManifestPath, isTooLarge, tooLargeText } from "./documents.ts";
import { filesBelow } from "./walk.ts";

export interface DirectoryOptions {
  /** Milliseconds of quiet after a change before it is told. Default 100. */
  readonly quietMs?: number;
  /** Milliseconds after a change by which it is told in any case. Default 1000. */
  readonly longestMs?: number;
  /** Milliseconds between looks at the files, for file systems that tell no changes. Default 5000. */
  readonly pollMs?: number;
}

/** Follows the `environments/` folder of a directory: a working tree, or a mounted volume. */
export function directorySource(rootDir: string, options: DirectoryOptions = {}): Source {
  const { quietMs = 100, longestMs = 1000, pollMs = 5000 } = options;
  const folder = join(rootDir, root);
  let lastRead = "";

  async function readFiles(): Promise<ReadonlyMap<string, string>> {
    const files = new Map<string, string>();
    const found = await filesBelow(rootDir, root).catch((cause: unknown) =>
      fail(
        { code: "source-missing", message: `cannot read ${folder}`, hint: "is it a repository made by mmsp init?" },
        { cause },
      ),
    );
    for (const { path, place } of found) {
      if (!isManifestPath(path)) continue;
      const file = Bun.file(place);
      try {
        files.set(path, isTooLarge(file.size) ? tooLargeText : await file.text());
      } catch (error) {
        // Deleted since it was listed: the next look sees the rest of that change.
        if ((error as { code?: unknown }).code !== "ENOENT") throw error;
      }
    }
    return files;
  }

  return {
    description: `dir ${rootDir}`,
    async read(): Promise<SourceState> {
      const files = await readFiles();
      lastRead = digestOf(files);
      return { revision: lastRead, files, readFile: (path) => readInside(rootDir, path) };
    },
    watch(onChange) {
      const { changed, stop } = whenQuiet(quietMs, longestMs, onChange);
      const watcher = startWatcher(folder, changed);
      const poll = setInterval(() => {
        void readFiles().then((files) => digestOf(files) !== lastRead && changed(), changed);
      }, pollMs);
      return () => {
        watcher?.close();
        clearInterval(poll);
        stop();
      };
    },
  };
}

/** Calls `tell` when nothing has changed for `quietMs`, but no later than `longestMs` after the first change. */
function whenQuiet(quietMs: number, longestMs: number, tell: () => void) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let firstAt: number | null = null;
  return {
    changed(): void {
      const now = performance.now();
      firstAt ??= now;
      clearTimeout(timer);
      timer = setTimeout(
        () => {
          firstAt = null;
          tell();
        },
        Math.max(0, Math.min(quietMs, firstAt + longestMs - now)),
      );
    },
    stop: (): void => clearTimeout(timer),
  };
}

/** null where the system watches no folders: the poll still sees every change. */
function startWatcher(folder: string, changed: () => void): FSWatcher | null {
  if (!existsSync(folder)) return null;
  try {
    const watcher = watchFiles(folder, { recursive: true }, changed);
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    return null;
  }
}

/** Symlinks are followed, but not out of the directory. */
async function readInside(rootDir: string, path: string): Promise<Uint8Array> {
  checkRelative(path);
  const missing = (cause: unknown): never =>
    fail(
      { code: "artifact-missing", file: path, message: "is not there", hint: "commit the artifact with its document" },
      { cause },
    );
  const [base, target] = await Promise.all([realpath(rootDir), realpath(join(rootDir, path))]).catch(missing);
  if (!target.startsWith(base + sep))
    fail({
      code: "path-outside",
      file: path,
      message: "leads out of the directory",
      hint: "replace the link by the file itself",
    });
  return await Bun.file(target).bytes().catch(missing);
}
