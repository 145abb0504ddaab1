import { createServer, type Socket } from "node:net";

/** One connection of a client, seen from a server that may do anything with it. */
export interface Peer {
  /** The next request, head and body (by its content-length), in Latin-1. Rejects where the client has gone. */
  request(): Promise<string>;
  send(text: string | Uint8Array): void;
  /** Piece by piece, each in a packet of its own. */
  sendInPieces(pieces: readonly string[]): Promise<void>;
  end(): void;
  /** The client sees ECONNRESET, not an orderly end. */
  reset(): void;
  /** Reads nothing more. */
  stopReading(): void;
  /** The client has closed its end, or reset it. */
  readonly gone: Promise<void>;
}

export interface RawServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Connections so far. */
  readonly connections: number;
  /** Requests that were read so far. */
  readonly requests: readonly string[];
}

/** Plays a script on each connection; `nth` counts them from 0. When the script ends, the connection stays open. */
export async function startRawServer(play: (peer: Peer, nth: number) => Promise<void> | void): Promise<RawServer> {
  const sockets = new Set<Socket>();
  const requests: string[] = [];
  let connections = 0;
  const server = createServer({ allowHalfOpen: false, noDelay: true }, (socket) => {
    sockets.add(socket);
    // A client that goes away is part of the play.
    void Promise.resolve(
      play(
        peerOf(socket, (request) => requests.push(request)),
        connections++,
      ),
    ).catch(() => undefined);
  });
  const { promise: listening, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await listening;
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    get connections() {
      return connections;
    },
    requests,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      const { promise: closed, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      await closed;
    },
  };
}

/** `note` is told each request that was read. */
export function peerOf(socket: Socket, note: (request: string) => void = () => {}): Peer {
  const { promise: gone, resolve: go } = Promise.withResolvers<void>();
  let received = "";
  let wake = (): void => {};
  socket.on("data", (bytes) => {
    received += bytes.toString("latin1");
    wake();
  });
  socket.on("error", () => undefined); // a reset; "close" follows
  socket.on("close", () => {
    go();
    wake();
  });
  return {
    async request() {
      for (;;) {
        const length = requestLength(received);
        if (length !== null) {
          const request = received.slice(0, length);
          received = received.slice(length);
          note(request);
          return request;
        }
        if (socket.destroyed) throw new Error("the client has gone");
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        await promise;
      }
    },
    send: (text) => void socket.write(typeof text === "string" ? Buffer.from(text, "latin1") : text),
    async sendInPieces(pieces) {
      for (const piece of pieces) {
        const { promise, resolve } = Promise.withResolvers<void>();
        socket.write(Buffer.from(piece, "latin1"), () => resolve());
        await promise;
        // What is written in one turn may arrive as one.
        await Bun.sleep(1);
      }
    },
    end: () => void socket.end(),
    reset: () => void socket.resetAndDestroy(),
    stopReading: () => void socket.pause(),
    gone,
  };
}

/** Bytes of the first request; null where it is not whole yet. */
function requestLength(text: string): number | null {
  const end = text.indexOf("\r\n\r\n");
  if (end === -1) return null;
  const length = Number(/^content-length: *(\d+)/im.exec(text.slice(0, end))?.[1] ?? 0);
  return text.length < end + 4 + length ? null : end + 4 + length;
}
