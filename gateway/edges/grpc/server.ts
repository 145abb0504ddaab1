import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { createServer as createListener, type Server } from "node:net";
import { deadlineOf, longestBodyMs } from "../../core/deadline.ts";
import { refuse } from "../../core/errors.ts";
import { encodeMessage, readTimeout, type GrpcReply, type GrpcRequest } from "../../core/grpc-call.ts";
import { encodings, frame, readMessage } from "./message.ts";
import { createSessions } from "./sessions.ts";

/** Calls on one connection at once; a client opens another connection for more, or waits. */
const maxConcurrentStreams = 1024;

/** What a client may send of one message before it is looked at: a large tensor is not to wait for a round trip every 64 KiB. */
const initialWindowSize = 1024 * 1024;

/** What the headers of one call may have together, each with 32 bytes besides: as much as over HTTP. */
const maxHeaderListSize = 16 * 1024;

/** How often connections are looked at, in milliseconds: whether there is still somebody, and takes what was answered. */
const usualLookMs = 30_000;

const contentType = "application/grpc";

export interface GrpcServerOptions {
  readonly hostname: string;
  /** 0: any free one. */
  readonly port: number;
  /** Answers a call; never rejects. */
  readonly answer: (request: GrpcRequest) => Promise<GrpcReply>;
  /** An answer could not be sent: a bug, for the log. */
  readonly onError?: (error: unknown) => void;
  readonly lookMs?: number;
  /** What a message may take whose caller does not say how long it waits, in milliseconds; default: as long as a body over HTTP. */
  readonly messageMs?: number;
}

export interface GrpcServer {
  readonly port: number;
  /** Sends clients elsewhere; calls are still answered. Returns when the last one came, by `performance.now()`. */
  sendAway(): () => number;
  /** Takes no more calls, and resolves when those that run are answered. */
  stop(): Promise<void>;
}

/** gRPC over plain HTTP/2: calls of one message each way. Rejects where the port is taken. */
export async function listenGrpc(options: GrpcServerOptions): Promise<GrpcServer> {
  const { hostname, port, lookMs = usualLookMs } = options;
  const sessions = createSessions(lookMs);
  const http2 = createServer({ settings: { maxConcurrentStreams, initialWindowSize, maxHeaderListSize } });
  http2.on("session", (session) => {
    sessions.add(session);
    // What is no HTTP/2: the connection is closed, and there is nobody to tell.
    session.on("error", () => session.destroy());
    session.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
      // A stream that its caller resets ends; `close` says so too.
      stream.on("error", () => undefined);
      sessions.enter(session, stream);
      // What cannot be sent fails this call, and must not end the process, with the others in it.
      serve(stream, headers, options).catch((error: unknown) => {
        options.onError?.(error);
        stream.destroy(error instanceof Error ? error : new Error(String(error)));
      });
    });
  });
  // A listener of our own: when one of HTTP/2 is closed, it drops the calls that are on their way.
  const listener = createListener((socket) => void http2.emit("connection", socket));
  await listening(listener, port, hostname);
  const address = listener.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    sendAway: () => {
      sessions.leave();
      return sessions.lastCallAt;
    },
    stop: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      listener.close(() => resolve());
      sessions.leave();
      return promise;
    },
  };
}

function listening(server: Server, port: number, hostname: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, hostname, () => {
    server.off("error", reject);
    // Of single connections: the server goes on.
    server.on("error", () => undefined);
    resolve();
  });
  return promise;
}

async function serve(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  { answer, messageMs = longestBodyMs }: GrpcServerOptions,
): Promise<void> {
  const refusal = refusalOf(headers);
  if (refusal !== null) {
    stream.respond(refusal, { endStream: true });
    return discard(stream);
  }
  const reply = await answer(requestOf(stream, headers, messageMs));
  if (stream.destroyed) return;
  const common = { ":status": 200, "content-type": contentType, ...reply.metadata };
  if (reply.body === null) {
    const status = { "grpc-status": String(reply.status), "grpc-message": encodeMessage(reply.message) };
    stream.respond({ ...common, ...status, "grpc-accept-encoding": encodings }, { endStream: true });
    return discard(stream);
  }
  stream.respond(common, { waitForTrailers: true });
  stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": String(reply.status) }));
  stream.end(frame(reply.body));
}

/** What is no gRPC is answered as HTTP has it; null for what is. */
function refusalOf(headers: IncomingHttpHeaders): Record<string, string | number> | null {
  if (headers[":method"] !== "POST") return { ":status": 405, allow: "POST" };
  const given = headers["content-type"]?.toLowerCase() ?? "";
  return /^application\/grpc(\+proto)?(;|$)/.test(given) ? null : { ":status": 415 };
}

/** What the caller still sends goes nowhere: it was answered, and its connection has other calls. */
function discard(stream: ServerHttp2Stream): void {
  stream.on("data", () => undefined);
}

function requestOf(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, messageMs: number): GrpcRequest {
  const header = (name: string): string | null => {
    const value = headers[name];
    return value === undefined ? null : String(value);
  };
  let isGone = false;
  let gone: AbortController | undefined;
  stream.once("close", () => {
    isGone = true;
    gone?.abort();
  });
  const timeoutMs = (): number | null => {
    const text = header("grpc-timeout");
    if (text === null) return null;
    return readTimeout(text) ?? refuse("timeout-invalid", `grpc-timeout is no time: ${text.slice(0, 32)}`);
  };
  return {
    path: header(":path") ?? "",
    header,
    timeoutMs,
    gone: () => {
      gone ??= new AbortController();
      if (isGone) gone.abort();
      return gone.signal;
    },
    isGone: () => isGone,
    read: (maxBytes) => {
      const { ms } = deadlineOf(messageMs, header, timeoutMs());
      return readMessage(stream, { encoding: header("grpc-encoding"), maxBytes, withinMs: ms });
    },
  };
}
