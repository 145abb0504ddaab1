/**
 * gRPC over raw sockets, one call in flight on each: like http.ts, because a client library would need more time for a call
 * than the server. Headers are said in full once and by HPACK's table from then on, as clients do.
 */
import type { Socket } from "bun";
import { ack, frame, frames, hpackText } from "../../support/http2-frames.ts";

/** Sends the same call again and again. */
export interface Caller {
  send(): void;
  close(): void;
}

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const headBytes = 9;
const endStream = 1;
const endHeaders = 4;
const largestWindow = 2 ** 31 - 1;
const firstWindow = 65_535;
const initialWindowSize = 4;
/** POST and http, by the table that everybody has. */
const fixedHeaders = Buffer.from([0x83, 0x86]);
const firstDynamic = 62;

/**
 * Opens a connection for calls of one method with one message. `onReply` gets what is wrong with the reply: a call that failed has no
 * message; `onClose` is called when the server ends the connection.
 */
export async function openCaller(
  url: URL,
  message: Uint8Array,
  onReply: (wrong: string | null) => void,
  onClose: () => void,
): Promise<Caller> {
  let pending = Buffer.alloc(0);
  let hasMessage = false;
  function take(socket: Socket, chunk: Buffer): void {
    const data = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    let at = 0;
    for (let end = frameEnd(data, at); end !== null; end = frameEnd(data, at)) {
      const [type, flags] = [data[at + 3] ?? 0, data[at + 4] ?? 0];
      const payload = data.subarray(at + headBytes, end);
      at = end;
      if (type === frames.data && payload.length > 0) hasMessage = true;
      const isAsked = (type === frames.settings || type === frames.ping) && (flags & ack) === 0;
      if (isAsked) socket.write(frame(type, ack, 0, type === frames.ping ? payload : undefined));
      const isLast = (type === frames.headers || type === frames.data) && (flags & endStream) !== 0;
      if (isLast) {
        const wrong = hasMessage ? null : `the call failed: ${payload.toString("latin1")}`;
        hasMessage = false;
        onReply(wrong);
      } else if (type === frames.reset || type === frames.goaway) onReply(`the call ended by a frame of type ${type}`);
    }
    pending = Buffer.from(data.subarray(at));
  }
  const socket = await Bun.connect({
    hostname: url.hostname,
    port: Number(url.port),
    socket: { data: take, close: onClose, error: onClose },
  });
  socket.setNoDelay(true);
  socket.write(opening());
  const [first, later] = [callBytes(url, message, false), callBytes(url, message, true)];
  let stream = 1;
  return {
    send() {
      const bytes = stream === 1 ? first : later;
      // Both of its frames say of which call they are.
      for (const head of bytes.heads) bytes.whole.writeUInt32BE(stream, head + 5);
      stream += 2;
      socket.write(bytes.whole);
    },
    close: () => void socket.end(),
  };
}

/** What a client says first; it takes whatever comes. */
function opening(): Buffer {
  const setting = Buffer.alloc(6);
  setting.writeUInt16BE(initialWindowSize);
  setting.writeUInt32BE(largestWindow, 2);
  const more = Buffer.alloc(4);
  more.writeUInt32BE(largestWindow - firstWindow);
  return Buffer.concat([
    Buffer.from(preface),
    frame(frames.settings, 0, 0, setting),
    frame(frames.windowUpdate, 0, 0, more),
  ]);
}

/** One call, and where its two frames begin. `isKnown`: its headers are in the table. */
function callBytes(url: URL, message: Uint8Array, isKnown: boolean) {
  const headers = [
    [":path", url.pathname],
    [":authority", url.host],
    ["content-type", "application/grpc"],
    ["te", "trailers"],
  ] as const;
  const fields = headers.map(([name, value], at) =>
    isKnown
      ? Buffer.from([0x80 | (firstDynamic + headers.length - 1 - at)])
      : Buffer.concat([Buffer.from([0x40]), hpackText(name), hpackText(value)]),
  );
  const head = frame(frames.headers, endHeaders, 0, Buffer.concat([fixedHeaders, ...fields]));
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  const body = frame(frames.data, endStream, 0, Buffer.concat([prefix, message]));
  return { whole: Buffer.concat([head, body]), heads: [0, head.length] };
}

function frameEnd(data: Buffer, at: number): number | null {
  if (data.length < at + headBytes) return null;
  const end = at + headBytes + data.readUIntBE(at, 3);
  return data.length < end ? null : end;
}
