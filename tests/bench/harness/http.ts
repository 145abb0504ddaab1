/**
 * HTTP/1.1 over raw sockets, kept alive, one request in flight on each: `fetch` would need more time for a request than the
 * servers that are measured. Reads replies with a content-length, which is what those servers send.
 */
import type { Socket } from "bun";

export interface Connection {
  send(request: Uint8Array): void;
  close(): void;
}

/** `head`: status line and headers; `data`: the whole reply. */
export type OnReply = (head: string, connection: Connection, data: Buffer) => void;

/** The bytes of a request; made once and sent often. */
export function requestBytes(
  method: "GET" | "POST",
  url: URL,
  body: string | Uint8Array = "",
  headers: readonly string[] = [],
): Uint8Array {
  const bytes = Buffer.from(body);
  const lines = [
    `${method} ${url.pathname} HTTP/1.1`,
    `host: ${url.host}`,
    ...(bytes.length === 0 ? [] : [`content-type: application/json`, `content-length: ${bytes.length}`]),
    ...headers,
  ];
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), bytes]);
}

/** Opens a connection. `onClose` is called when the server ends it, which none does in a run that goes well. */
export async function openConnection(url: URL, onReply: OnReply, onClose: () => void): Promise<Connection> {
  let pending: Buffer | null = null;
  function take(socket: Socket, chunk: Buffer): void {
    const data: Buffer = pending === null ? chunk : Buffer.concat([pending, chunk]);
    const reply = readReply(data);
    pending = reply === null ? Buffer.from(data) : null;
    if (reply !== null) onReply(reply, connection(socket), data);
  }
  const socket = await Bun.connect({
    hostname: url.hostname,
    port: Number(url.port),
    socket: { data: take, close: onClose, error: onClose },
  });
  socket.setNoDelay(true);
  return connection(socket);
}

/** The head of the reply that `data` holds as a whole; null where something is missing still. */
export function readReply(data: Buffer): string | null {
  const end = data.indexOf("\r\n\r\n");
  if (end < 0) return null;
  const head = data.toString("latin1", 0, end);
  const length = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? Number.NaN);
  if (Number.isNaN(length)) throw new Error(`a reply without content-length: ${head}`);
  return data.length < end + 4 + length ? null : head;
}

export function isOk(head: string): boolean {
  return head.startsWith("HTTP/1.1 200");
}

const open = new WeakMap<Socket, Connection>();

function connection(socket: Socket): Connection {
  let known = open.get(socket);
  if (known === undefined) {
    known = { send: (request) => void socket.write(request), close: () => void socket.end() };
    open.set(socket, known);
  }
  return known;
}
