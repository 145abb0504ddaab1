import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { fail, ProblemError } from "../../../schemas/problem.ts";
import { isInRepository, storePath } from "../../../schemas/store.ts";
import type { ArtifactStore } from "../core/ports.ts";
import { isLfsPointer, readInputFile, sha256Of } from "./input-file.ts";
import { checkPath, resolveInside } from "./safe-path.ts";
import { systemReason } from "./system-error.ts";

/** Where repository-relative stores are: on disk, or at a commit that is read through `readFile` (null: not there). */
export type Repository =
  | { readonly rootDir: string }
  | { readonly readFile: (path: string) => Promise<Uint8Array | null> };

const keyPattern = /^sha256\/([0-9a-f]{64})\/[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** The most that an ONNX file can have. */
const maxArtifactBytes = 2 * 1024 ** 3;

const missingHint = "restore it in the artifact store, or register the model again";

/**
 * The store at `file:///folder` or at a path inside the repository. Every byte that is read or written is held against the
 * digest in its key. A repository that is read at a commit takes no writes: there, the file is part of a change's commit.
 */
export function openArtifactStore(store: string, repository: Repository): ArtifactStore {
  if (!isInRepository(store)) {
    const folder = folderOf(store);
    return folderStore((key) => join(folder, key));
  }
  if ("rootDir" in repository) {
    return folderStore((key) => resolveInside(repository.rootDir, repositoryPath(store, key)));
  }
  return committedStore(store, repository.readFile);
}

/** Where a repository-relative store keeps a file, as a path inside the repository. */
export function repositoryPath(store: string, key: string): string {
  digestOf(key);
  const path = storePath(store, key);
  checkPath(path);
  return path;
}

function folderOf(store: string): string {
  try {
    if (store.startsWith("file:///")) return fileURLToPath(store);
  } catch {
    // An escape such as %2F or %zz in it: told below.
  }
  return fail({
    code: "store-unknown",
    message: `the artifact store ${store} cannot be opened`,
    hint: "there are stores in the repository (a relative path, such as artifacts) and in a folder (file:///folder)",
  });
}

function folderStore(placeOf: (key: string) => string): ArtifactStore {
  async function read(key: string): Promise<Uint8Array> {
    const digest = digestOf(key);
    const path = placeOf(key);
    const bytes = await readInputFile(path, { what: "artifact", maxBytes: maxArtifactBytes, missingHint });
    return verified(path, digest, bytes);
  }

  async function write(key: string, bytes: Uint8Array): Promise<void> {
    const digest = digestOf(key);
    const path = placeOf(key);
    verified(path, digest, bytes);
    // What is there already but damaged, or a git-lfs pointer, is written again.
    const same = await read(key).catch((error: unknown) =>
      error instanceof ProblemError ? null : Promise.reject(error),
    );
    if (same !== null) return;
    await replaceFile(path, bytes).catch((cause: unknown) => {
      const message = `could not be written: ${systemReason(cause)}`;
      fail(
        { code: "store-unwritable", file: path, message, hint: "check the store's folder, then try again" },
        { cause },
      );
    });
    await read(key);
  }

  return { read, write };
}

function committedStore(store: string, readFile: (path: string) => Promise<Uint8Array | null>): ArtifactStore {
  return {
    async read(key) {
      const path = repositoryPath(store, key);
      const bytes = await readFile(path);
      if (bytes !== null) return verified(path, digestOf(key), bytes);
      return fail({ code: "file-missing", file: path, message: "there is no such file", hint: missingHint });
    },
    write(key) {
      return Promise.reject(
        new Error(`${storePath(store, key)} belongs into the commit of the change, not into a store`),
      );
    },
  };
}

/** The digest in a key; keys are also paths, so that anything else stops here. */
function digestOf(key: string): string {
  const digest = keyPattern.exec(key)?.[1];
  if (digest !== undefined) return digest;
  const message = `${JSON.stringify(key)} is no key of an artifact`;
  return fail({ code: "artifact-key", message, hint: "keys are sha256/<64 hex digits>/<file name>" });
}

function verified(file: string, expected: string, bytes: Uint8Array): Uint8Array {
  if (isLfsPointer(bytes)) {
    const hint = "run `git lfs pull` to download the file that it stands for";
    fail({ code: "file-lfs-pointer", file, message: "is a git-lfs pointer, not the artifact itself", hint });
  }
  const actual = sha256Of(bytes);
  if (actual === expected) return bytes;
  const message = `has the sha256 ${actual}, but its key says ${expected}`;
  return fail({ code: "artifact-digest", file, message, hint: "restore the original file, or register a new version" });
}

/** Readers see the old file or the whole new one, also after a power cut. */
async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const temporary = join(folder, `.${crypto.randomUUID()}.mmsp-tmp`);
  try {
    const handle = await open(temporary, "wx");
    try {
      await handle.writeFile(bytes);
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
