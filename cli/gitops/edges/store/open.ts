import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fail } from "../../../../schemas/problem.ts";
import { isInRepository, storePath } from "../../../../schemas/store.ts";
import type { ArtifactStore } from "../../core/ports.ts";
import { checkPath, resolveInside } from "../safe-path.ts";
import { folderStore } from "./folder.ts";
import { digestOf, missingHint, verifiedBytes } from "./keys.ts";
import { s3Access, type S3Access, type Variables } from "./s3/access.ts";

/** Where repository-relative stores are: on disk, or at a commit that is read through `readFile` (null: not there). */
export type Repository =
  | { readonly rootDir: string }
  | { readonly readFile: (path: string) => Promise<Uint8Array | null> };

/**
 * The store at `file:///folder`, at `s3://bucket/prefix` (endpoint, region and credentials from `env`) or at a path inside
 * the repository. Every byte that is read or written is held against the digest in its key. A repository that is read at a
 * commit takes no writes: there, the file is part of a change's commit.
 */
export function openArtifactStore(store: string, repository: Repository, env: Variables = {}): ArtifactStore {
  if (store.startsWith("s3://")) return bucketStore(s3Access(store, env));
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
    hint:
      "there are stores in the repository (a relative path, such as artifacts), in a folder (file:///folder) and in a " +
      "bucket (s3://bucket/prefix)",
  });
}

/** Loaded by those who use it: most commands open no store, and most stores are folders. */
function bucketStore(access: S3Access): ArtifactStore {
  const opened = async (): Promise<ArtifactStore> => (await import("./s3/store.ts")).s3Store(access);
  return {
    find: async (key) => (await opened()).find(key),
    read: async (key) => (await opened()).read(key),
    write: async (key, content) => (await opened()).write(key, content),
  };
}

function committedStore(store: string, readFile: (path: string) => Promise<Uint8Array | null>): ArtifactStore {
  async function read(key: string): Promise<Uint8Array> {
    const path = repositoryPath(store, key);
    const bytes = await readFile(path);
    if (bytes !== null) return verifiedBytes(bytes, digestOf(key), path);
    return fail({ code: "file-missing", file: path, message: "there is no such file", hint: missingHint });
  }

  return {
    read,
    find: async (key) => new Blob([Uint8Array.from(await read(key))]),
    write(key) {
      return Promise.reject(
        new Error(`${storePath(store, key)} belongs into the commit of the change, not into a store`),
      );
    },
  };
}
