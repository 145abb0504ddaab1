import type { Credentials } from "./access.ts";

export interface Signable {
  readonly method: string;
  readonly url: URL;
  /** Names in lower case. All of them are signed. */
  readonly headers: Readonly<Record<string, string>>;
  /** SHA-256 of the body, in hex: the server refuses a body that arrives as another. */
  readonly bodySha256: string;
}

/**
 * The headers of a request to S3 with its signature, version 4
 * (docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html). The secret does not leave this function.
 */
export function signed(
  { method, url, headers, bodySha256 }: Signable,
  { accessKeyId, secretAccessKey, sessionToken }: Credentials,
  region: string,
  now: Date,
): Record<string, string> {
  const time = now.toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const day = time.slice(0, 8);
  const sent: Record<string, string> = {
    ...headers,
    "x-amz-content-sha256": bodySha256,
    "x-amz-date": time,
    ...(sessionToken === null ? {} : { "x-amz-security-token": sessionToken }),
  };
  const lines = Object.entries({ ...sent, host: url.host })
    .map(([name, value]) => [name, value.trim().replaceAll(/ +/g, " ")] as const)
    .toSorted(byName);
  const names = lines.map(([name]) => name).join(";");
  const query = [...url.searchParams].map(([name, value]) => [encoded(name), encoded(value)] as const).toSorted(byName);
  const request = [
    method,
    pathOf(url),
    query.map(([name, value]) => `${name}=${value}`).join("&"),
    ...lines.map(([name, value]) => `${name}:${value}`),
    "",
    names,
    bodySha256,
  ].join("\n");
  const scope = `${day}/${region}/s3/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", time, scope, sha256(request)].join("\n");
  const key = [day, region, "s3", "aws4_request"].reduce<Uint8Array>(
    (secret, part) => hmac(secret, part),
    new TextEncoder().encode(`AWS4${secretAccessKey}`),
  );
  const signature = Buffer.from(hmac(key, toSign)).toString("hex");
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  return { ...sent, authorization };
}

/** SHA-256 in lower-case hex. */
export function sha256(data: string | Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(data).digest("hex");
}

/** As S3 wants it: everything but unreserved characters, in upper-case hex. */
export function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (found) => `%${found.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function pathOf(url: URL): string {
  return url.pathname
    .split("/")
    .map((part) => encoded(decodeURIComponent(part)))
    .join("/");
}

function hmac(key: Uint8Array, text: string): Uint8Array {
  return new Bun.CryptoHasher("sha256", key).update(text).digest();
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : 1;
}
