import { createHash, createHmac } from "node:crypto";

/**
 * A bucket by HTTP for what s3rver does not do: it holds requests to their signatures, lists uploads and their parts, and
 * fails as it is told to. Objects are in memory.
 */
export interface FakeS3 extends Disposable {
  readonly url: string;
  readonly bucket: string;
  readonly objects: Map<string, Uint8Array>;
  /** Parts by upload and number. */
  readonly uploads: Map<string, { readonly key: string; readonly parts: Map<number, Uint8Array> }>;
  /** `PUT key?partNumber=1`, in the order in which they came; without uploads' names. */
  readonly requests: string[];
  /** Asked before each request; what it returns is the answer, and nothing happens. */
  before: (request: Asked) => Response | undefined;
  /** Asked when a request has had its effect; what it returns is the answer instead. */
  after: (request: Asked) => Response | undefined;
}

export interface Asked {
  readonly method: string;
  readonly key: string;
  readonly query: URLSearchParams;
  /** From 1, of requests like this one: method, key and part. */
  readonly time: number;
}

export const fakeKeys = { accessKeyId: "FAKEKEY", secretAccessKey: "fake/secret+of/the/bucket" };

export function s3Error(status: number, code: string, message = "", headers: Record<string, string> = {}): Response {
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  return new Response(body, { status, headers });
}

const never = (): undefined => undefined;

export function startFakeS3(bucket = "models"): FakeS3 {
  const objects: FakeS3["objects"] = new Map();
  const uploads: FakeS3["uploads"] = new Map();
  const etags = new Map<string, string>();
  const requests: string[] = [];

  function object(method: string, key: string, range: string | null): Response {
    const bytes = objects.get(key);
    if (bytes === undefined) return method === "HEAD" ? new Response(null, { status: 404 }) : s3Error(404, "NoSuchKey");
    const etag = `"${etags.get(key) ?? md5(bytes)}"`;
    if (method === "HEAD") return new Response(null, { headers: { etag, "content-length": String(bytes.length) } });
    const [, from, to = ""] = /^bytes=(\d+)-(\d*)$/.exec(range ?? "") ?? [];
    if (from === undefined) return new Response(Uint8Array.from(bytes), { headers: { etag } });
    const end = to === "" ? bytes.length : Number(to) + 1;
    const headers = { etag, "content-range": `bytes ${from}-${end - 1}/${bytes.length}` };
    return new Response(Uint8Array.from(bytes.subarray(Number(from), end)), { status: 206, headers });
  }

  function put(key: string, query: URLSearchParams, headers: Headers, body: Uint8Array): Response {
    const wanted = headers.get("content-md5");
    if (wanted !== null && wanted !== Buffer.from(md5(body), "hex").toString("base64"))
      return s3Error(400, "BadDigest");
    const upload = query.get("uploadId");
    if (upload === null) {
      objects.set(key, body);
      etags.delete(key);
    } else {
      const parts = uploads.get(upload)?.parts;
      if (parts === undefined) return s3Error(404, "NoSuchUpload");
      parts.set(Number(query.get("partNumber")), body);
    }
    return new Response(null, { headers: { etag: `"${md5(body)}"` } });
  }

  function post(key: string, query: URLSearchParams, body: string): Response {
    if (query.has("uploads")) {
      const id = `upload-${uploads.size + 1}`;
      uploads.set(id, { key, parts: new Map() });
      return new Response(`<R><UploadId>${id}</UploadId></R>`);
    }
    const id = query.get("uploadId") ?? "";
    const upload = uploads.get(id);
    if (upload === undefined) return s3Error(404, "NoSuchUpload");
    const numbers = [...body.matchAll(/<PartNumber>(\d+)</g)].map(([, number]) => Number(number));
    const parts = numbers.map((number) => upload.parts.get(number) ?? new Uint8Array());
    objects.set(key, Buffer.concat(parts));
    etags.set(key, `${md5(Buffer.from(parts.map((part) => md5(part)).join(""), "hex"))}-${parts.length}`);
    uploads.delete(id);
    return new Response(`<R><Key>${key}</Key></R>`);
  }

  function list(key: string, query: URLSearchParams): Response {
    if (key === "") {
      const found = [...uploads].filter(([, upload]) => upload.key.startsWith(query.get("prefix") ?? ""));
      const items = found.map(([id, upload]) => `<Upload><Key>${upload.key}</Key><UploadId>${id}</UploadId></Upload>`);
      return new Response(`<R>${items.join("")}</R>`);
    }
    const after = Number(query.get("part-number-marker") ?? 0);
    const all = [...(uploads.get(query.get("uploadId") ?? "")?.parts ?? [])].toSorted(([a], [b]) => a - b);
    // A page of two, so that pages are read.
    const page = all.filter(([number]) => number > after).slice(0, 2);
    const items = page.map(
      ([number, part]) => `<Part><PartNumber>${number}</PartNumber><ETag>&quot;${md5(part)}&quot;</ETag></Part>`,
    );
    const last = page.at(-1)?.[0] ?? after;
    const more = all.some(([number]) => number > last);
    const marker = `<IsTruncated>${more}</IsTruncated><NextPartNumberMarker>${last}</NextPartNumberMarker>`;
    return new Response(`<R>${items.join("")}${marker}</R>`);
  }

  async function answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const [, name = "", ...path] = decodeURIComponent(url.pathname).split("/");
    const [key, query, { method }] = [path.join("/"), url.searchParams, request];
    const body = new Uint8Array(await request.arrayBuffer());
    const shown = [...query].filter(([name]) => name !== "uploadId").map(([name, value]) => `${name}=${value}`);
    const line = `${method} ${key}${shown.length === 0 ? "" : `?${shown.join("&")}`}`;
    requests.push(line);
    const asked = { method, key, query, time: requests.filter((other) => other === line).length };
    const refused = fake.before(asked) ?? checkSignature(request, url, body);
    if (refused !== null) return refused;
    if (name !== bucket) return s3Error(404, "NoSuchBucket");
    const done = (): Response => {
      if (method === "PUT") return put(key, query, request.headers, body);
      if (method === "POST") return post(key, query, new TextDecoder().decode(body));
      if (method === "DELETE")
        return new Response(null, { status: uploads.delete(query.get("uploadId") ?? "") ? 204 : 404 });
      if (query.has("uploads") || query.has("uploadId")) return list(key, query);
      return object(method, key, request.headers.get("range"));
    };
    const reply = done();
    return fake.after(asked) ?? reply;
  }

  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: answer });
  const fake: FakeS3 = {
    url: `http://127.0.0.1:${server.port}`,
    bucket,
    objects,
    uploads,
    requests,
    before: never,
    after: never,
    [Symbol.dispose]: () => void server.stop(true),
  };
  return fake;
}

/** As the server calculates it, step by step after Amazon's description of signature version 4. */
function checkSignature({ method, headers }: Request, url: URL, body: Uint8Array): Response | null {
  const parsed = /Credential=([^/]+)\/(\d+)\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=(\w+)/.exec(
    headers.get("authorization") ?? "",
  );
  if (parsed === null) return s3Error(403, "AccessDenied", "there is no signature");
  const [, keyId = "", day = "", region = "", names = "", signature = ""] = parsed;
  if (keyId !== fakeKeys.accessKeyId) return s3Error(403, "InvalidAccessKeyId", `${keyId} is not known`);
  const bodyHash = createHash("sha256").update(body).digest("hex");
  if (headers.get("x-amz-content-sha256") !== bodyHash) return s3Error(400, "XAmzContentSHA256Mismatch");
  const lines = names.split(";").map((name) => `${name}:${headers.get(name) ?? ""}\n`);
  const query = url.search.slice(1).split("&").filter(Boolean).sort().join("&");
  const request = [method, url.pathname, query, lines.join(""), names, bodyHash].join("\n");
  const time = headers.get("x-amz-date") ?? "";
  const hash = createHash("sha256").update(request).digest("hex");
  const text = `AWS4-HMAC-SHA256\n${time}\n${day}/${region}/s3/aws4_request\n${hash}`;
  const hmac = (key: string | Buffer, data: string): Buffer => createHmac("sha256", key).update(data).digest();
  const key = hmac(hmac(hmac(hmac(`AWS4${fakeKeys.secretAccessKey}`, day), region), "s3"), "aws4_request");
  const right = hmac(key, text).toString("hex") === signature;
  return right ? null : s3Error(403, "SignatureDoesNotMatch", "The signature we calculated does not match");
}

function md5(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}
