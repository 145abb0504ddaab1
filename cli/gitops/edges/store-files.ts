import { readdir, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { fail } from "../../../schemas/problem.ts";
import type { StoreFile, StoreFiles } from "../core/gc.ts";
import { codeOf, systemReason } from "./system-error.ts";
import { s3Access, type Variables } from "./store/s3/access.ts";

const keyPattern = /^sha256\/[0-9a-f]{64}\/[A-Za-z0-9][A-Za-z0-9._-]*$/;

/**
 * The store at `file:///folder` or `s3://bucket/prefix`. Of S3, endpoint, region and credentials are those of the usual
 * variables; see `s3Access`.
 */
export function openStoreFiles(store: string, env: Variables): StoreFiles {
  if (store.startsWith("file:///")) return folderFiles(fileURLToPath(store));
  if (store.startsWith("s3://")) return bucketFiles(store, env);
  return fail({
    code: "store-unknown",
    message: `the artifact store ${store} cannot be opened`,
    hint: "stores outside the repository are file:///folder and s3://bucket/prefix",
  });
}

function folderFiles(folder: string): StoreFiles {
  return {
    async list() {
      const files: StoreFile[] = [];
      for (const digest of await namesIn(join(folder, "sha256"))) {
        for (const name of await namesIn(join(folder, "sha256", digest))) {
          const key = `sha256/${digest}/${name}`;
          const found = keyPattern.test(key) ? await stat(join(folder, key)) : null;
          if (found?.isFile()) files.push({ key, sizeBytes: found.size, modifiedAt: found.mtimeMs });
        }
      }
      return files;
    },
    async remove(keys) {
      for (const key of keys) {
        const place = join(folder, key);
        await rm(place, { force: true }).catch((cause: unknown) => unremovable(place, cause));
        // Another file of the same digest may be there still.
        await rmdir(dirname(place)).catch(() => {});
      }
    },
  };
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).toSorted();
  } catch (cause) {
    if (["ENOENT", "ENOTDIR"].includes(codeOf(cause) ?? "")) return [];
    const message = `cannot be listed: ${systemReason(cause)}`;
    return fail({ code: "store-unreadable", file: folder, message, hint: "check the store's folder" }, { cause });
  }
}

function unremovable(file: string, cause: unknown): never {
  const message = `could not be removed: ${systemReason(cause)}`;
  return fail({ code: "store-unwritable", file, message, hint: "check its permissions, then try again" }, { cause });
}

function bucketFiles(store: string, env: Variables): StoreFiles {
  const { bucket, prefix, endpoint, region, credentials } = s3Access(store, env);
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const keys = { accessKeyId, secretAccessKey, ...(sessionToken === null ? {} : { sessionToken }) };
  const client = new Bun.S3Client({ bucket, endpoint, region, ...keys });
  const failed = (what: string) => (cause: unknown) =>
    fail(
      {
        code: "store-unreachable",
        message: `${store} could not be ${what}: ${cause instanceof Error ? (codeOf(cause) ?? cause.name) : "it failed"}`,
        hint: "check the bucket's name, AWS_ENDPOINT_URL_S3, and that the credentials may list and delete",
      },
      { cause },
    );
  return {
    async list() {
      const files: StoreFile[] = [];
      let startAfter: string | undefined;
      for (;;) {
        const page = await client
          .list({ prefix: `${prefix}sha256/`, ...(startAfter === undefined ? {} : { startAfter }) })
          .catch(failed("listed"));
        for (const { key: name, size = 0, lastModified } of page.contents ?? []) {
          const key = name.slice(prefix.length);
          // A file whose age nobody tells is taken for new.
          const modifiedAt = lastModified === undefined ? Number.POSITIVE_INFINITY : Date.parse(lastModified);
          if (keyPattern.test(key)) files.push({ key, sizeBytes: size, modifiedAt });
        }
        startAfter = page.isTruncated ? page.contents?.at(-1)?.key : undefined;
        if (startAfter === undefined) return files;
      }
    },
    async remove(keys) {
      for (const key of keys) await client.delete(prefix + key).catch(failed("changed"));
    },
  };
}
