import { mkdir, open, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fail, ProblemError } from "../../../../schemas/problem.ts";
import type { ArtifactStore, Content } from "../../core/ports.ts";
import { checkInputFile } from "../input-file.ts";
import { systemReason } from "../system-error.ts";
import { digestOf, drain, gather, isIntact, missingHint, verified } from "./keys.ts";

/** More than any model that one machine serves: a guard against a wrong file, not a goal. */
const maxArtifactBytes = 256 * 1024 ** 3;

/** Of a writer that was killed: what it left behind goes when another writes there. */
const abandonedMs = 24 * 60 * 60 * 1000;

const suffix = ".mmsp-tmp";

/**
 * A store in a folder of this machine: `placeOf` says where a key is. A file appears whole or not at all: it is written beside
 * its place, flushed and renamed, then read again and held against its digest. A write that was cut off starts anew: reading
 * half a file to go on behind it takes as long as copying it, on the same disk.
 */
export function folderStore(placeOf: (key: string) => string): ArtifactStore {
  async function find(key: string): Promise<Content> {
    const digest = digestOf(key);
    const path = placeOf(key);
    const size = await checkInputFile(path, { what: "artifact", maxBytes: maxArtifactBytes, missingHint });
    return { size, stream: () => verified(piecesOf(path), digest, path) };
  }

  return {
    find,
    read: async (key) => gather((await find(key)).stream()),
    async write(key, content) {
      const path = placeOf(key);
      if (await isIntact(() => find(key))) return touch(path);
      await replaceFile(path, verified(content.stream(), digestOf(key), path)).catch((cause: unknown) => {
        if (cause instanceof ProblemError) throw cause;
        const message = `could not be written: ${systemReason(cause)}`;
        const hint = "check the store's folder, then try again";
        fail({ code: "store-unwritable", file: path, message, hint }, { cause });
      });
      await drain((await find(key)).stream());
    },
  };
}

/**
 * As new as one that was just written: an old file that nothing names might be collected before its new registration can be
 * seen. Who may not touch it relies on that being seen in time.
 */
async function touch(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => {});
}

async function* piecesOf(path: string): AsyncGenerator<Uint8Array, void> {
  try {
    yield* Bun.file(path).stream();
  } catch (cause) {
    const message = `could not be read: ${systemReason(cause)}`;
    fail({ code: "file-unreadable", file: path, message, hint: "check the disk, then try again" }, { cause });
  }
}

/** Readers see the old file or the whole new one, also after a power cut. */
async function replaceFile(path: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  await sweep(folder);
  const temporary = join(folder, `.${crypto.randomUUID()}${suffix}`);
  try {
    const handle = await open(temporary, "wx");
    try {
      for await (const piece of pieces) await handle.writeFile(piece);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Never the reason for a failure: who else sweeps here may be faster. */
async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.endsWith(suffix)) continue;
    const path = join(folder, name);
    const left = await stat(path).catch(() => null);
    if (left !== null && Date.now() - left.mtimeMs > abandonedMs) await rm(path, { force: true });
  }
}
