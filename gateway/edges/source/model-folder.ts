import { mkdir, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve, sep } from "node:path";

/** A folder of this process alone, for the files of one model. */
export interface ModelFolder {
  /** `name` is a path inside the folder, as a model names its files. */
  pathOf(name: string): string;
  put(name: string, pieces: AsyncIterable<Uint8Array>): Promise<void>;
  remove(): Promise<void>;
}

/** `parent`: null for the system's folder for temporary files. */
export async function createModelFolder(parent: string | null): Promise<ModelFolder> {
  if (parent !== null) await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent ?? tmpdir(), "mmsp-model-"));

  function pathOf(name: string): string {
    const path = resolve(folder, name);
    // The documents' schema allows nothing else; here a mistake there would write elsewhere.
    if (!path.startsWith(folder + sep)) throw new Error(`${JSON.stringify(name)} leads out of the model's folder`);
    return path;
  }

  return {
    pathOf,
    async put(name, pieces) {
      const path = pathOf(name);
      await mkdir(dirname(path), { recursive: true });
      const handle = await open(path, "wx", 0o600);
      try {
        for await (const piece of pieces) await handle.writeFile(piece);
      } finally {
        await handle.close();
      }
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
