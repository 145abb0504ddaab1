/** A line to a model server that has the troubles of a real one, at a moment that the soak chooses. */
import { createServer } from "node:net";
import { peerOf, type Peer } from "../support/raw-server.ts";

/**
 * What two replicas let a gateway hide, although it sends no inference twice that may have been run:
 *
 * - `refuses`: it takes no connection and has none, as while it is deployed anew, and then comes back;
 * - `resets` and `closes`: it ends idle connections, without a word or in order;
 * - `stalls`: nothing is answered for a second;
 * - `busy`: it answers each inference with 503;
 * - `ill`: it says that it is not live.
 *
 * Connections are ended in a moment without requests. One that ends while a request is written on it may have brought that one to
 * the server, where nobody knows what became of it: it has to fail, as has one whose connection is reset in the middle of its reply.
 */
export const hiccups = ["refuses", "resets", "closes", "stalls", "busy", "ill"] as const;
export type Hiccup = (typeof hiccups)[number];

export interface ShakyLine extends AsyncDisposable {
  readonly url: string;
  /** Connections that were ended while they were idle. */
  readonly endedIdle: number;
  /** Resolves when it is over. `quietly` does something while no request is on its way to the gateway or back. */
  hiccup(kind: Hiccup, quietly: Quietly): Promise<void>;
  /** Resolves when another request to this path has been answered with 200. */
  carried(path: string): Promise<void>;
}

export type Quietly = (act: () => Promise<void> | void) => Promise<void>;

interface Connection {
  readonly peer: Peer;
  isIdle: boolean;
}

export interface HiccupTimes {
  readonly stallMs: number;
  /** How long the troubles last that are no moment. */
  readonly troubleMs: number;
}

/** Long enough for the gateway's health check to see one. */
const usual: HiccupTimes = { stallMs: 1000, troubleMs: 3000 };

/** Opens a line to the server at `target`. */
export async function openShakyLine(target: string, times: HiccupTimes = usual): Promise<ShakyLine> {
  const { stallMs, troubleMs } = times;
  const connections = new Set<Connection>();
  let trouble: Hiccup | null = null;
  let stalled: Promise<void> = Promise.resolve();
  let endedIdle = 0;
  let awaited: { readonly path: string; readonly come: () => void } | null = null;
  const server = createServer({ noDelay: true }, (socket) => {
    const peer = peerOf(socket);
    void serve(peer).catch(() => peer.reset());
  });

  /** Rejects when the client has gone, or the server has. */
  async function serve(peer: Peer): Promise<void> {
    const connection: Connection = { peer, isIdle: true };
    connections.add(connection);
    void peer.gone.then(() => connections.delete(connection));
    for (;;) {
      const asked = read(await peer.request());
      connection.isIdle = false;
      await stalled;
      const reply = await answerTo(asked, target, trouble);
      const isLast = trouble === "refuses";
      peer.send(replyBytes(reply, isLast));
      if (isLast) return peer.end();
      connection.isIdle = true;
      if (reply.status === 200 && asked.path === awaited?.path) awaited.come();
    }
  }

  /** Resolves when the client has been told by the system; when it heeds that is its own affair. */
  async function endIdle(end: (peer: Peer) => void): Promise<void> {
    const idle = [...connections].filter(({ isIdle }) => isIdle);
    endedIdle += idle.length;
    for (const { peer } of idle) end(peer);
    await Promise.all(idle.map(({ peer }) => peer.gone));
  }

  async function shutDown(quietly: Quietly): Promise<void> {
    await quietly(() => {
      server.close();
      return endIdle((peer) => peer.end());
    });
    await Bun.sleep(troubleMs);
    await listen(port);
  }

  async function listen(at: number): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<void>();
    server.listen(at, "127.0.0.1", resolve);
    await promise;
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the line has no port");
    return address.port;
  }

  const acts: Readonly<Record<Hiccup, (quietly: Quietly) => Promise<void>>> = {
    refuses: shutDown,
    resets: (quietly) => quietly(() => endIdle((peer) => peer.reset())),
    closes: (quietly) => quietly(() => endIdle((peer) => peer.end())),
    stalls: () => (stalled = Bun.sleep(stallMs)),
    busy: () => Bun.sleep(troubleMs),
    ill: () => Bun.sleep(troubleMs),
  };

  const port = await listen(0);
  return {
    url: `http://127.0.0.1:${port}`,
    get endedIdle() {
      return endedIdle;
    },
    async hiccup(kind, quietly) {
      trouble = kind;
      await acts[kind](quietly);
      trouble = null;
    },
    carried(path) {
      const { promise, resolve } = Promise.withResolvers<void>();
      awaited = { path, come: resolve };
      return promise;
    },
    async [Symbol.asyncDispose]() {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      for (const { peer } of connections) peer.reset();
      await promise;
    },
  };
}

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: [string, string][];
  readonly body: Uint8Array<ArrayBuffer>;
}

/** `request` as it came, in Latin-1. */
function read(request: string): Asked {
  const headEnd = request.indexOf("\r\n\r\n");
  const [first = "", ...lines] = request.slice(0, headEnd).split("\r\n");
  const [method = "", path = ""] = first.split(" ");
  const headers = lines
    .map((line): [string, string] => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()])
    .filter(([name]) => !/^(host|connection|content-length)$/i.test(name));
  return { method, path, headers, body: Buffer.from(request.slice(headEnd + 4), "latin1") };
}

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** The server's own answer, or that of one in trouble. */
async function answerTo(
  { method, path, headers, body }: Asked,
  target: string,
  trouble: Hiccup | null,
): Promise<Reply> {
  const own = (status: number): Reply => ({ status, headers: new Headers(), body: new Uint8Array() });
  if (trouble === "busy" && path.endsWith("/infer")) return own(503);
  if (trouble === "ill" && path === "/v2/health/live") return own(400);
  // On a connection of its own: one that the server ends while it is written on would be a trouble that nobody chose.
  const init = { method, headers, body: method === "POST" ? body : null, keepalive: false };
  const reply = await fetch(target + path, init);
  return { status: reply.status, headers: reply.headers, body: await reply.bytes() };
}

function replyBytes({ status, headers, body }: Reply, isLast: boolean): Uint8Array {
  const kept = [...headers].filter(([name]) => /^(content-type|inference-header-content-length)$/i.test(name));
  const own = [["content-length", String(body.length)], ...(isLast ? [["connection", "close"]] : [])];
  const lines = [...kept, ...own].map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} Said\r\n${lines.join("")}\r\n`, "latin1"), body]);
}
