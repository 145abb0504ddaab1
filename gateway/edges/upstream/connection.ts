import type { Socket, SocketHandler } from "bun";
import {
  createReplyParser,
  type ParsedReply,
  type ReplyLimits,
  type ReplyParser,
} from "../../core/http/reply-parser.ts";
import { DeadlineExceeded } from "../../core/ports.ts";
import { UpstreamBroken, UpstreamUnreachable } from "../../core/upstream.ts";
import type { Job } from "./dispatcher.ts";

export interface ConnectionOptions {
  readonly hostname: string;
  readonly port: number;
  readonly connectMs: number;
  /** Infinity: the request's deadline is all there is. */
  readonly firstByteMs: number;
  readonly limits: ReplyLimits;
}

export interface ConnectionEvents {
  /** It may be asked again; called before the caller gets the reply. */
  onIdle(connection: Connection, reply: ParsedReply): void;
  /** It was idle, and is gone. */
  onGone(connection: Connection): void;
  /**
   * It was kept from an earlier request, and ended before a byte of this one's reply came. `touched`: some of the request may
   * have reached the peer.
   */
  onStale(job: Job, touched: boolean, cause: UpstreamBroken): void;
  /** It was given up before it was made. Nothing can stop the system from trying on; settles when it stops by itself. */
  onStuck(ended: Promise<unknown>): void;
}

/** One connection, with at most one request on it at a time: a slow reply holds up nobody else's. */
export interface Connection {
  /** Until when it is worth using again, in milliseconds of `performance.now()`; set by who keeps it. */
  usableUntil: number;
  readonly options: ConnectionOptions;
  readonly events: ConnectionEvents;
  readonly parser: ReplyParser;
  /** null until it is made. */
  socket: Socket<Connection> | null;
  isGone: boolean;
  job: Job | null;
  readonly giveUp: (error: unknown) => void;
  /** What the socket has not taken yet. */
  unsent: Uint8Array[];
  /** Requests so far. */
  asked: number;
  /** Whether the socket took any of the request, and whether any of its reply has come. */
  isTouched: boolean;
  hasBegun: boolean;
}

const handlers: SocketHandler<Connection> = {
  open: onOpen,
  data: ({ data: connection }, piece) => take(connection, piece),
  drain: ({ data: connection }) => write(connection),
  end: ({ data: connection }) => onEnd(connection),
  close: ({ data: connection }, error) => lose(connection, error),
  error: ({ data: connection }, error) => lose(connection, error),
};

/** Makes a connection, and asks at once. `wire`: the request as it is written, in pieces. */
export function connect(options: ConnectionOptions, events: ConnectionEvents, job: Job, wire: Uint8Array[]): void {
  const { hostname, port, connectMs, limits } = options;
  const connection: Connection = {
    usableUntil: 0,
    options,
    events,
    parser: createReplyParser(limits),
    socket: null,
    isGone: false,
    job,
    giveUp: (error) => {
      const { job } = connection;
      destroy(connection);
      if (connection.socket === null) events.onStuck(made);
      job?.reject(error);
    },
    unsent: wire,
    asked: 0,
    isTouched: false,
    hasBegun: false,
  };
  job.onGiveUp = connection.giveUp;
  job.limitTo({
    at: performance.now() + connectMs,
    error: () => new UpstreamUnreachable(`the upstream took no connection within ${connectMs} ms`),
  });
  const made = Bun.connect({ hostname, port, data: connection, socket: handlers }).catch((error: unknown) => {
    job.reject(unreachable(error));
  });
}

function unreachable(error: unknown): UpstreamUnreachable {
  const code = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
  return new UpstreamUnreachable(`no connection to the upstream can be made${code}`, { cause: error });
}

function onOpen(socket: Socket<Connection>): void {
  const { data: connection } = socket;
  const { job, unsent } = connection;
  connection.socket = socket;
  if (connection.isGone || job === null) {
    socket.terminate();
    return;
  }
  socket.setNoDelay(true);
  job.lift();
  ask(connection, job, unsent);
}

/** Sends a request on a connection that is idle. */
export function ask(connection: Connection, job: Job, wire: Uint8Array[]): void {
  connection.job = job;
  job.onGiveUp = connection.giveUp;
  connection.unsent = wire;
  connection.asked++;
  connection.isTouched = false;
  connection.hasBegun = false;
  connection.parser.begin(job.request.method === "HEAD");
  write(connection);
}

export function destroy(connection: Connection): void {
  connection.isGone = true;
  connection.job = null;
  connection.unsent = [];
  connection.socket?.terminate();
}

/** As much as the socket takes; it says when it takes more. */
function write(connection: Connection): void {
  const { socket, job, unsent } = connection;
  if (socket === null || job === null) return;
  for (let bytes = unsent.shift(); bytes !== undefined; bytes = unsent.shift()) {
    const written = socket.write(bytes);
    if (written < 0) return lose(connection, undefined);
    if (written > 0) connection.isTouched = true;
    if (written < bytes.length) {
      unsent.unshift(bytes.subarray(written));
      return;
    }
    if (unsent.length === 0) awaitFirstByte(connection, job);
  }
}

function awaitFirstByte({ options: { firstByteMs } }: Connection, job: Job): void {
  if (firstByteMs === Number.POSITIVE_INFINITY) return;
  job.limitTo({
    at: performance.now() + firstByteMs,
    error: () => new DeadlineExceeded(`the upstream did not begin to answer within ${firstByteMs} ms`),
  });
}

function take(connection: Connection, piece: Buffer): void {
  const { job, parser } = connection;
  // Nobody asked for it: whose answer it would be taken for is better not found out.
  if (job === null) return drop(connection);
  if (!connection.hasBegun) {
    connection.hasBegun = true;
    job.lift();
  }
  let reply: ParsedReply | null;
  try {
    reply = parser.push(piece);
  } catch (error) {
    destroy(connection);
    job.reject(error);
    return;
  }
  if (reply !== null) answer(connection, job, reply, parser.taken() === piece.length);
}

/** A reply before the end of its request, or with something after its own end, is the last one here. */
function answer(connection: Connection, job: Job, reply: ParsedReply, isExact: boolean): void {
  if (isExact && reply.keptAlive && connection.unsent.length === 0) {
    connection.job = null;
    connection.events.onIdle(connection, reply);
  } else destroy(connection);
  const { status, headers, body } = reply;
  job.resolve({ status, headers, body });
}

function onEnd(connection: Connection): void {
  const { job } = connection;
  const reply = job === null ? null : connection.parser.end();
  if (job === null || reply === null) return lose(connection, undefined);
  destroy(connection);
  job.resolve({ status: reply.status, headers: reply.headers, body: reply.body });
}

function lose(connection: Connection, cause: unknown): void {
  if (connection.isGone) return;
  const { job, asked, hasBegun, isTouched } = connection;
  if (job === null) return drop(connection);
  destroy(connection);
  const when = hasBegun ? "in the middle of its reply" : "without a reply";
  const error = new UpstreamBroken(`the upstream closed the connection ${when}`, { cause });
  if (asked > 1 && !hasBegun) connection.events.onStale(job, isTouched, error);
  else if (isTouched) job.reject(error);
  else job.reject(new UpstreamUnreachable("the upstream closed the connection before it was used", { cause }));
}

function drop(connection: Connection): void {
  if (connection.isGone) return;
  destroy(connection);
  connection.events.onGone(connection);
}
