import type { Gone } from "./ports.ts";

/**
 * Asking another HTTP server (a Triton, say) for a whole reply. Bodies are whole and bounded on both sides, not streamed: a
 * request may have to be sent to another version or replica, and a reply that breaks off half-way must never have reached the
 * caller, who is then answered by stable. So memory is bounded by `maxConnections` times `maxReplyBytes`.
 */

/** In the order in which they are sent; names in lower case where they come from an upstream. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

export interface UpstreamRequest {
  readonly method: "GET" | "HEAD" | "POST";
  /** Path and query: begins with "/", holds no space, no control character, nothing but ASCII. */
  readonly path: string;
  /**
   * `host`, and what is about one connection only (`content-length`, `transfer-encoding`, `connection` and what it names...),
   * is left out: the request is framed by who sends it, whatever stands here.
   */
  readonly headers: HeaderList;
  readonly body: Uint8Array | null;
  /** Milliseconds from now for everything: waiting, connecting, sending, and the last byte of the reply. */
  readonly deadlineMs: number;
  /**
   * When the caller has gone, the request is given up, its connection closed. Asked only of a request that has to wait, or whose
   * reply takes longer than most.
   */
  readonly gone?: Gone | undefined;
  /**
   * The upstream may act twice on it. Default: all but POST. When a kept connection ends before a byte of the reply came, such a
   * request is sent again on a new one; any other only where not a byte of it was written. That is nginx's rule without
   * `non_idempotent`, Envoy's `reset-before-request` and Go's for what has no `Idempotency-Key`: an end without a reply looks the
   * same whether the server had closed before, or ran the request and died. What is lost by it are requests that cross such a
   * close on their way. They are few: an idle connection is dropped here before servers drop it (`idleMs`; Triton keeps one for
   * over 100 s), and one that was closed is forgotten as soon as that is known.
   */
  readonly repeatable?: boolean;
}

export interface UpstreamReply {
  /** 200 to 599; interim replies (1xx) are passed over. */
  readonly status: number;
  /** Without those that are about one connection only. */
  readonly headers: HeaderList;
  /** As it was sent: with a `content-encoding`, still encoded. */
  readonly body: Uint8Array;
}

/** One server, and the connections to it. */
export interface Upstream {
  /** Its origin, such as `http://127.0.0.1:8000`. */
  readonly url: string;
  /**
   * Resolves with any reply, whatever its status. Rejects with
   * - `Overloaded` where as many requests wait as may, and nothing was sent; or where this one has waited for most of its time;
   * - `UpstreamUnreachable`: nothing was sent, so it may be tried elsewhere whatever it is;
   * - `UpstreamBroken`: some of it was sent, and the connection ended before the reply did: the upstream may have acted on it;
   * - `ReplyMalformed`: what came is no reply, or too large;
   * - `DeadlineExceeded`: the upstream may have acted on the request;
   * - `CallerGone`;
   * - `TypeError` for a request that cannot be written as one: a bug of who calls.
   */
  send(request: UpstreamRequest): Promise<UpstreamReply>;
  /** Requests that were taken and are not answered yet; those that wait for a connection count. */
  readonly inFlight: number;
  /** Takes no more requests, waits for those that were taken, closes the connections. */
  close(): Promise<void>;
}

export interface UpstreamOptions {
  /** Origin of the upstream: `http:` or `https:`, without path and credentials. */
  readonly url: string;
  /** Requests at a time, each on a connection of its own. Default 32. */
  readonly maxConnections?: number;
  /** Requests that may wait for a connection; more are turned away as `Overloaded`. Default 128. */
  readonly maxQueue?: number;
  /** For a connection to be made, where it is a plain one. Default 1000. */
  readonly connectMs?: number;
  /** From the end of the request to the first byte of its reply. Default: whatever the request's deadline leaves. */
  readonly firstByteMs?: number;
  /** How long a connection is kept for the next request, unless the upstream says less. Default 4000, under Node's 5 s. */
  readonly idleMs?: number;
  /** Largest body of a reply. Default 64 MiB. */
  readonly maxReplyBytes?: number;
  /** Who asks an `https:` upstream. Default: the global one. */
  readonly fetch?: (url: string, init: BunFetchRequestInit) => Promise<Response>;
}

/** Nothing was sent: the request may be tried elsewhere, whatever it is. */
export class UpstreamUnreachable extends Error {
  override readonly name = "UpstreamUnreachable";
}

/** The connection ended before the reply did: the upstream may have acted on the request. */
export class UpstreamBroken extends Error {
  override readonly name = "UpstreamBroken";
}

/** What came is no HTTP reply, or says of its own end two things, or is larger than allowed. The connection is gone. */
export class ReplyMalformed extends Error {
  override readonly name = "ReplyMalformed";
}
