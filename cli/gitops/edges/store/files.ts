import { readdir, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { fail } from "../../../../schemas/problem.ts";
import type { StoreFile, StoreFiles } from "../../core/gc.ts";
import { codeOf, systemReason } from "../system-error.ts";
import { isKey } from "./keys.ts";
import { s3Access, type S3Access, type Variables } from "./s3/access.ts";
import { S3Refusal } from "./s3/failure.ts";
import { s3Bucket, type S3Bucket, type Transport } from "./s3/request.ts";
import { elementsOf, textOf } from "./s3/xml.ts";

/**
 * The store at `file:///folder` or `s3://bucket/prefix`. Of S3, endpoint, region and credentials are those of the usual
 * variables; see `s3Access`.
 */
export function openStoreFiles(store: string, env: Variables, using?: Transport): StoreFiles {
  if (store.startsWith("file:///")) return folderFiles(fileURLToPath(store));
  if (store.startsWith("s3://")) return bucketFiles(s3Access(store, env), using);
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
          const found = isKey(key) ? await stat(join(folder, key)) : null;
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

function bucketFiles(access: S3Access, using?: Transport): StoreFiles {
  const bucket = s3Bucket(access, using);
  return {
    list: () => bucket.explaining(() => Array.fromAsync(objectsIn(bucket))),
    remove: (keys) =>
      bucket.explaining(async () => {
        for (const key of keys) await removeObject(bucket, key);
      }),
  };
}

async function* objectsIn(bucket: S3Bucket): AsyncGenerator<StoreFile, void> {
  const { prefix } = bucket.access;
  const asked = { "list-type": "2", prefix: `${prefix}sha256/` };
  for (let after = ""; ;) {
    const query = after === "" ? asked : { ...asked, "continuation-token": after };
    const { text } = await bucket.text({ method: "GET", key: null, query });
    for (const entry of elementsOf(text, "Contents")) {
      const key = (textOf(entry, "Key") ?? "").slice(prefix.length);
      // A file whose age nobody tells is taken for new.
      const modifiedAt = Date.parse(textOf(entry, "LastModified") ?? "") || Number.POSITIVE_INFINITY;
      if (isKey(key)) yield { key, sizeBytes: Number(textOf(entry, "Size") ?? 0), modifiedAt };
    }
    const next = textOf(text, "NextContinuationToken") ?? "";
    if (textOf(text, "IsTruncated") !== "true" || next === "" || next === after) return;
    after = next;
  }
}

async function removeObject(bucket: S3Bucket, key: string): Promise<void> {
  try {
    await bucket.text({ method: "DELETE", key });
  } catch (error) {
    // Some servers say so where Amazon's does not: it has gone, perhaps by our own request whose answer got lost.
    if (!(error instanceof S3Refusal && error.code === "NoSuchKey")) throw error;
  }
}
