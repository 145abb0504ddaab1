import { fail } from "../../../../../schemas/problem.ts";
import type { ArtifactStore, Content } from "../../../core/ports.ts";
import { digestOf, drain, gather, isIntact, missingHint, verified } from "../keys.ts";
import { resuming } from "../resuming.ts";
import type { S3Access } from "./access.ts";
import { explained, mayPass, S3Refusal } from "./failure.ts";
import { etagOf, partBytesOf, partsOf, plainEtag } from "./parts.ts";
import { s3Bucket, type S3Bucket, type Transport } from "./request.ts";
import { upload } from "./upload.ts";

/**
 * A store in a bucket. Requests are made here and not by Bun.S3Client, which can neither list what an upload that was cut off
 * has brought there, nor be given a time limit.
 *
 * After an upload, the ETag that the server has given the object is compared with the MD5 sums of what was sent: the server
 * calculates it from what it has stored, so that a model of gigabytes need not be downloaded for it. Where ETags are something
 * else (encryption with KMS, some other servers), the object is read back. In both cases every part was refused by the
 * server unless it arrived with the SHA-256 that its request was signed with; and whoever reads verifies the whole.
 */
export function s3Store(access: S3Access, using?: Transport, partBytes?: number): ArtifactStore {
  const bucket = s3Bucket(access, using);
  const { explaining } = bucket;

  async function find(key: string): Promise<Content> {
    const digest = digestOf(key);
    const place = `${access.store}/${key}`;
    const size = await sizeOf(bucket, key, place);
    const pieces = () =>
      resuming((offset, signal) => askFrom(bucket, key, offset, signal), size, bucket.transport, mayPass);
    return { size, stream: () => explainingEach(bucket, verified(pieces(), digest, place)) };
  }

  return {
    find: (key) => explaining(() => find(key)),
    read: (key) => explaining(async () => gather((await find(key)).stream())),
    write: (key, content) =>
      explaining(async () => {
        const sha256 = digestOf(key);
        const there = await headOf(bucket, key);
        // An intact object keeps its time, unlike in a folder: only a copy onto itself would change it, and with it the ETag. What
        // keeps `gc --store` from an old one is that it reads open registrations.
        if (there?.size === content.size) {
          if ((await etagFor(content, partBytes)) === there.etag || (await isIntact(() => find(key)))) return;
        }
        const etag = await upload(bucket, { key, sha256, content, ...(partBytes === undefined ? {} : { partBytes }) });
        const stored = await headOf(bucket, key);
        if (stored?.etag === etag && stored.size === content.size) return;
        await drain((await find(key)).stream());
      }),
  };
}

/** Asked for with GET: unlike to HEAD, the answer says what is wrong. */
async function sizeOf(bucket: S3Bucket, key: string, place: string): Promise<number> {
  try {
    const { headers } = await bucket.text({ method: "GET", key, headers: { range: "bytes=0-0" } });
    const [, total] = /\/(\d+)$/.exec(headers.get("content-range") ?? "") ?? [];
    return Number(total ?? headers.get("content-length"));
  } catch (error) {
    if (!(error instanceof S3Refusal)) throw error;
    if (error.code !== "NoSuchKey" && error.status !== 416) throw error;
    const message = error.status === 416 ? "the file is empty" : "there is no such file";
    return fail({ code: "file-missing", file: place, message, hint: missingHint });
  }
}

function askFrom(bucket: S3Bucket, key: string, offset: number, signal: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = offset === 0 ? {} : { range: `bytes=${offset}-` };
  return bucket.once({ method: "GET", key, headers, signal });
}

/** What is there; null where nothing is, or where nobody may know: then the upload will tell. */
async function headOf(bucket: S3Bucket, key: string): Promise<{ readonly size: number; readonly etag: string } | null> {
  try {
    const { headers } = await bucket.text({ method: "HEAD", key });
    return { size: Number(headers.get("content-length")), etag: plainEtag(headers.get("etag")) };
  } catch (error) {
    if (error instanceof S3Refusal && error.status < 500) return null;
    throw error;
  }
}

/** The ETag that this file has where it was uploaded from here. */
async function etagFor(content: Content, partBytes: number = partBytesOf(content.size)): Promise<string> {
  const md5s: string[] = [];
  for await (const { md5 } of partsOf(content.stream(), partBytes)) md5s.push(md5);
  return etagOf(md5s, content.size > partBytes);
}

async function* explainingEach(
  { access, transport }: S3Bucket,
  pieces: AsyncGenerator<Uint8Array, void>,
): AsyncGenerator<Uint8Array, void> {
  try {
    yield* pieces;
  } catch (error) {
    throw explained(error, access, transport.now());
  }
}
