import { ProblemError } from "../../../../../schemas/problem.ts";
import type { Content } from "../../../core/ports.ts";
import { verified } from "../keys.ts";
import { S3Refusal } from "./failure.ts";
import { etagOf, partBytesOf, partsOf, plainEtag, type Part } from "./parts.ts";
import type { S3Bucket } from "./request.ts";
import { elementsOf, textOf } from "./xml.ts";

export interface Upload {
  readonly key: string;
  readonly sha256: string;
  readonly content: Content;
  /** For tests; default: by size. */
  readonly partBytes?: number;
}

/** Parts that are on their way at a time: each is in memory. */
const atOnce = 4;

/**
 * Puts a file into the bucket, where it appears whole at the end or not at all. What is larger than a part goes up part by
 * part; parts that an earlier upload of the same file has brought there, and that was cut off, are not sent again. Nothing is
 * finished whose bytes are not those of the digest. Resolves with what the object's ETag is where ETags are MD5 sums.
 */
export async function upload(bucket: S3Bucket, { key, sha256, content, partBytes }: Upload): Promise<string> {
  const length = partBytes ?? partBytesOf(content.size);
  const pieces = verified(content.stream(), sha256, `${bucket.access.store}/${key}`);
  const parts = partsOf(pieces, length);
  return content.size > length ? uploadParts(bucket, key, parts) : uploadWhole(bucket, key, parts);
}

async function uploadWhole(bucket: S3Bucket, key: string, parts: AsyncIterable<Part>): Promise<string> {
  const [part, ...more] = await Array.fromAsync(parts);
  if (part === undefined || more.length > 0) throw new Error(`${key} has another size than it was said to have`);
  await bucket.text({ method: "PUT", key, headers: { "content-md5": base64(part.md5) }, body: part.bytes });
  return etagOf([part.md5], false);
}

/** An upload that was begun, and the MD5 sums of the parts that it has, by number. */
interface Begun {
  readonly id: string;
  readonly parts: ReadonlyMap<number, string>;
}

async function uploadParts(bucket: S3Bucket, key: string, parts: AsyncIterable<Part>): Promise<string> {
  const { id, parts: there } = (await unfinished(bucket, key)) ?? (await begin(bucket, key));
  const tags = new Map<number, string>();
  const md5s: string[] = [];
  const send = async ({ number, bytes, md5 }: Part): Promise<void> => {
    const query = { partNumber: String(number), uploadId: id };
    if (there.get(number) === md5) return void tags.set(number, md5);
    const put = { method: "PUT", key, query, headers: { "content-md5": base64(md5) }, body: bytes } as const;
    const { headers } = await bucket.text(put);
    tags.set(number, plainEtag(headers.get("etag")));
  };
  try {
    const running = new Set<Promise<void>>();
    for await (const part of parts) {
      md5s.push(part.md5);
      const sent = send(part).finally(() => running.delete(sent));
      // Awaited below; until then, that it fails is nobody's surprise.
      sent.catch(() => {});
      running.add(sent);
      if (running.size >= atOnce) await Promise.race(running);
    }
    await Promise.all(running);
  } catch (error) {
    // What the network did is mended by going on; a file that is another one never is.
    if (error instanceof ProblemError) await abort(bucket, key, id);
    throw error;
  }
  const etag = etagOf(md5s, true);
  await complete(bucket, key, id, tags).catch((error: unknown) => {
    // Somebody else has finished the same upload, or the answer to our own try got lost: what is there is looked at next.
    if (!(error instanceof S3Refusal && error.code === "NoSuchUpload")) throw error;
  });
  return etag;
}

/** The newest upload of this key that was begun and not finished. Servers that do not tell have none. */
async function unfinished(bucket: S3Bucket, key: string): Promise<Begun | null> {
  try {
    const prefix = bucket.access.prefix + key;
    const { text } = await bucket.text({ method: "GET", key: null, query: { prefix, uploads: "" } });
    const uploads = elementsOf(text, "Upload").filter((upload) => textOf(upload, "Key") === prefix);
    const newest = uploads.toSorted((a, b) => begunAt(b) - begunAt(a))[0];
    const id = newest === undefined ? null : textOf(newest, "UploadId");
    return id === null ? null : { id, parts: await partsThere(bucket, key, id) };
  } catch (error) {
    // Not every server lists them, nor may everybody: then all parts are sent.
    if (error instanceof S3Refusal) return null;
    throw error;
  }
}

function begunAt(upload: string): number {
  return Date.parse(textOf(upload, "Initiated") ?? "") || 0;
}

async function partsThere(bucket: S3Bucket, key: string, id: string): Promise<ReadonlyMap<number, string>> {
  const parts = new Map<number, string>();
  for (let after = ""; ;) {
    const query = { uploadId: id, ...(after === "" ? {} : { "part-number-marker": after }) };
    const { text } = await bucket.text({ method: "GET", key, query });
    for (const part of elementsOf(text, "Part")) {
      parts.set(Number(textOf(part, "PartNumber")), plainEtag(textOf(part, "ETag")));
    }
    const next = textOf(text, "NextPartNumberMarker") ?? "";
    if (textOf(text, "IsTruncated") !== "true" || next === after) return parts;
    after = next;
  }
}

async function begin(bucket: S3Bucket, key: string): Promise<Begun> {
  const { text } = await bucket.text({ method: "POST", key, query: { uploads: "" } });
  const id = textOf(text, "UploadId");
  if (id === null)
    throw new S3Refusal(200, "", "it began an upload without a name", { region: null, serverTime: null });
  return { id, parts: new Map() };
}

async function complete(bucket: S3Bucket, key: string, id: string, tags: ReadonlyMap<number, string>): Promise<void> {
  const parts = [...tags]
    .toSorted(([a], [b]) => a - b)
    .map(([number, tag]) => `<Part><PartNumber>${number}</PartNumber><ETag>"${tag}"</ETag></Part>`);
  const body = new TextEncoder().encode(`<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`);
  const { text } = await bucket.text({ method: "POST", key, query: { uploadId: id }, body });
  // It may say 200 before it knows, and then what went wrong.
  const code = text.includes("<Error>") ? textOf(text, "Code") : null;
  if (code === null) return;
  throw new S3Refusal(500, code, textOf(text, "Message") ?? "", { region: null, serverTime: null });
}

async function abort(bucket: S3Bucket, key: string, id: string): Promise<void> {
  await bucket.text({ method: "DELETE", key, query: { uploadId: id } }).catch(() => {});
}

function base64(hex: string): string {
  return Buffer.from(hex, "hex").toString("base64");
}
