import { watch } from "node:fs";
import { join } from "node:path";
import { root as environments } from "../../../schemas/tree.ts";

/** Editors and git write in several steps: what comes within so many milliseconds is one change. */
const quietMs = 50;

/** Tells of changes below `environments/` until it is stopped. A file system that cannot tell is looked at again and again. */
export function watchTree(rootDir: string, changed: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const soon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(changed, quietMs);
  };
  const stop = startWatching(join(rootDir, environments), soon);
  return () => {
    clearTimeout(timer);
    stop();
  };
}

function startWatching(folder: string, soon: () => void): () => void {
  try {
    const watcher = watch(folder, { recursive: true }, soon);
    watcher.on("error", soon);
    return () => watcher.close();
  } catch {
    const poll = setInterval(soon, 2000);
    return () => clearInterval(poll);
  }
}
