import { patience, retried, type Patience } from "../retry.ts";
import type { S3Access } from "./access.ts";
import { explained, mayPass, refusalOf } from "./failure.ts";
import { encoded, sha256, signed } from "./sign.ts";

/** How requests get to the server; tests hand in their own. */
export interface Transport extends Patience {
  readonly fetch: (url: URL, init: RequestInit) => Promise<Response>;
  readonly now: () => Date;
}

export const transport: Transport = { ...patience, fetch: (url, init) => fetch(url, init), now: () => new Date() };

export interface S3Request {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** Of an object, below the prefix; null: the bucket itself. */
  readonly key: string | null;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly signal?: AbortSignal;
}

/** Bytes a second that even a slow line brings: so much longer may a request take that carries many. */
const slowest = 64 * 1024;

/** One place in a bucket. Every request is signed, made again where that may help, and its failure told to people. */
export interface S3Bucket {
  readonly access: S3Access;
  readonly transport: Transport;
  /** An answer that is a success; its body is the caller's to read. Throws S3Refusal, or what fetch throws. */
  once(request: S3Request): Promise<Response>;
  /** The text of an answer, of a small body; tried again as often as the transport says. Throws S3Refusal. */
  text(request: S3Request): Promise<{ readonly text: string; readonly headers: Headers }>;
  /** Runs an action whose failures become OutsideErrors. */
  explaining<T>(action: () => Promise<T>): Promise<T>;
}

export function s3Bucket(access: S3Access, using: Transport = transport): S3Bucket {
  const { now } = using;

  async function once(request: S3Request): Promise<Response> {
    const { method, headers = {}, body } = request;
    const url = addressOf(access, request);
    const bodySha256 = sha256(body ?? "");
    const sent = signed({ method, url, headers, bodySha256 }, access.credentials, access.region, now());
    const response = await using.fetch(url, {
      method,
      headers: sent,
      // Whoever sends us elsewhere would be handed a signature for this address.
      redirect: "manual",
      signal: request.signal ?? AbortSignal.timeout(using.idleMs + ((body?.length ?? 0) / slowest) * 1000),
      ...(body === undefined ? {} : { body: body as Uint8Array<ArrayBuffer> }),
    });
    if (response.ok) return response;
    throw await refusalOf(response);
  }

  return {
    access,
    transport: using,
    once,
    text: (request) =>
      retried(
        async () => {
          const response = await once(request);
          return { text: await response.text(), headers: response.headers };
        },
        mayPass,
        using,
      ),
    async explaining(action) {
      try {
        return await action();
      } catch (error) {
        throw explained(error, access, now());
      }
    },
  };
}

function addressOf({ endpoint, bucket, prefix }: S3Access, { key, query = {} }: S3Request): URL {
  const path = key === null ? bucket : `${bucket}/${prefix}${key}`;
  const url = new URL(`${endpoint}/${path.split("/").map(encoded).join("/")}`);
  url.search = Object.entries(query)
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .join("&");
  return url;
}
