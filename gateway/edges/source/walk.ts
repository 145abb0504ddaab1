import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";

/** A file by the path that it is reached by, with `/`, and where it really is. */
export interface FoundFile {
  readonly path: string;
  readonly place: string;
}

/**
 * All files below a folder of `rootDir`, without hidden ones: what the command line reads too. Symlinks are followed as long as
 * they stay inside `rootDir`. Rejects where the folder cannot be listed; what vanishes meanwhile is left out.
 */
export async function filesBelow(rootDir: string, folder: string): Promise<readonly FoundFile[]> {
  const base = await realpath(rootDir);
  const files: FoundFile[] = [];

  /** `above`: the real folders that lead here, so that no circle of links is walked. */
  async function walk(path: string, place: string, above: readonly string[]): Promise<void> {
    for (const entry of await entriesIn(place, above.length === 0)) {
      if (entry.name.startsWith(".")) continue;
      const found = { path: `${path}/${entry.name}`, place: join(place, entry.name) };
      const real = entry.isSymbolicLink() ? await followed(base, found.place) : { place: found.place, entry };
      if (real === null) continue;
      if (real.entry.isFile()) files.push({ path: found.path, place: real.place });
      const within = [...above, place];
      if (real.entry.isDirectory() && !within.includes(real.place)) await walk(found.path, real.place, within);
    }
  }

  await walk(folder, await realpath(join(base, folder)), []);
  return files;
}

async function entriesIn(place: string, mustBe: boolean): Promise<readonly Dirent[]> {
  try {
    return await readdir(place, { withFileTypes: true });
  } catch (error) {
    if (!mustBe && (error as { code?: unknown }).code === "ENOENT") return [];
    throw error;
  }
}

/** Where a link leads; null where that is nowhere, or outside. */
async function followed(base: string, link: string) {
  try {
    const place = await realpath(link);
    return place.startsWith(base + sep) ? { place, entry: await stat(place) } : null;
  } catch {
    return null;
  }
}
