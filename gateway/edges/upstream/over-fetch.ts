import { addBytes, newBodyBytes, wholeBody } from "../../core/http/body-bytes.ts";
import { isOfConnection, listed } from "../../core/http/field.ts";
import { checkPath, passedOn } from "../../core/http/request-head.ts";
import { DeadlineExceeded } from "../../core/ports.ts";
import {
  ReplyMalformed,
  UpstreamBroken,
  UpstreamUnreachable,
  type HeaderList,
  type UpstreamReply,
  type UpstreamRequest,
} from "../../core/upstream.ts";
import type { Job, Transport } from "./dispatcher.ts";

export type Fetch = (url: string, init: BunFetchRequestInit) => Promise<Response>;

export interface OverFetchOptions {
  /** Origin, without a slash at its end. */
  readonly url: string;
  readonly fetch: Fetch;
  readonly firstByteMs: number;
  readonly maxBodyBytes: number;
}

/** For upstreams behind TLS, which `fetch` does well: half as fast as plain connections of our own, and TLS costs more. */
export function createOverFetch(options: OverFetchOptions): Transport {
  return {
    start(job) {
      const controller = new AbortController();
      job.onGiveUp = (error) => {
        controller.abort();
        job.reject(error);
      };
      exchange(options, job, controller).then(
        (reply) => job.resolve(reply),
        (error: unknown) => {
          controller.abort();
          job.reject(error);
        },
      );
    },
    close() {},
  };
}

async function exchange(options: OverFetchOptions, job: Job, { signal }: AbortController): Promise<UpstreamReply> {
  const { firstByteMs, maxBodyBytes } = options;
  const init = initOf(job.request, signal);
  if (firstByteMs !== Number.POSITIVE_INFINITY) {
    job.limitTo({
      at: performance.now() + firstByteMs,
      error: () => new DeadlineExceeded(`the upstream did not begin to answer within ${firstByteMs} ms`),
    });
  }
  const response = await options.fetch(`${options.url}${job.request.path}`, init).catch(failed);
  job.lift();
  const body = newBodyBytes();
  try {
    for await (const piece of response.body ?? []) {
      if (body.size + piece.length > maxBodyBytes) {
        throw new ReplyMalformed(`the upstream's reply is larger than ${maxBodyBytes} bytes`);
      }
      addBytes(body, piece);
    }
  } catch (error) {
    if (error instanceof ReplyMalformed) throw error;
    throw new UpstreamBroken("the upstream closed the connection in the middle of its reply", { cause: error });
  }
  return { status: response.status, headers: headersOf(response.headers), body: wholeBody(body) };
}

function initOf({ method, path, headers, body }: UpstreamRequest, signal: AbortSignal): BunFetchRequestInit {
  checkPath(path);
  const sent = new Headers(passedOn(headers).map(([name, value]) => [name, value]));
  // What the caller did not ask for it may not be able to read, and nothing here decodes it.
  if (!sent.has("accept-encoding")) sent.set("accept-encoding", "identity");
  return {
    method,
    headers: sent,
    body: body as Uint8Array<ArrayBuffer> | null,
    redirect: "manual",
    decompress: false,
    signal,
  };
}

function headersOf(headers: Headers): HeaderList {
  const named = new Set(listed(headers.get("connection") ?? ""));
  return [...headers].filter(([name]) => !isOfConnection(name) && !named.has(name));
}

/** Of what `fetch` rejects with, where it is certain that no request was sent. */
const unsent = /REFUSED|FailedToOpenSocket|ENOTFOUND|EAI_|CERT|SSL|TLS|UNREACH|SELF_SIGNED|UNABLE_TO/i;

function failed(error: unknown): never {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (unsent.test(code)) {
    throw new UpstreamUnreachable(`no connection to the upstream can be made (${code})`, { cause: error });
  }
  if (error instanceof TypeError && code === "") throw error;
  throw new UpstreamBroken("the upstream closed the connection without a reply", { cause: error });
}
