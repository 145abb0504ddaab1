import { statSync } from "node:fs";
import { resolveInside } from "./safe-path.ts";

/** Sizes in bytes of files below `rootDir`, by path; without those that are not there, or are no files. */
export function fileSizes(rootDir: string, paths: readonly string[]): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const path of paths) {
    const found = statSync(resolveInside(rootDir, path), { throwIfNoEntry: false });
    if (found?.isFile()) sizes.set(path, found.size);
  }
  return sizes;
}
