/** A client of HTTP/2 that does what no library would: frames by hand, and nothing is answered or closed by itself. */
import { connect } from "node:net";

export const frames = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goaway: 7, windowUpdate: 8 } as const;

/** Flags of frames. */
export const ack = 1;
const endStream = 1;
const endHeaders = 4;

const headBytes = 9;
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export interface FrameClient extends Disposable {
  write(...frames: readonly Buffer[]): void;
  /** The next frame of this type that was not asked for yet; fails where the server closes first. */
  next(type: number): Promise<Frame>;
  /** Takes nothing more of what the server sends. */
  pause(): void;
  /** Resolves when the server closes the connection. */
  readonly closed: Promise<void>;
}

interface FrameClientOptions {
  /** Pairs of identifier and value. */
  readonly settings?: readonly (readonly [number, number])[];
  readonly answersPings?: boolean;
}

/** Connects and says the preface. */
export async function frameClient(port: number, options: FrameClientOptions = {}): Promise<FrameClient> {
  const client = await silentClient(port, options.answersPings);
  client.write(Buffer.from(preface), frame(frames.settings, 0, 0, settingsPayload(options.settings ?? [])));
  return client;
}

/** Only connects. */
export async function silentClient(port: number, answersPings = false): Promise<FrameClient> {
  const { promise: connected, resolve: onConnect } = Promise.withResolvers<void>();
  const { promise: closed, resolve: onClose } = Promise.withResolvers<void>();
  const arrived: Frame[] = [];
  const waiting = new Set<() => void>();
  let isClosed = false;
  let rest: Buffer = Buffer.alloc(0);
  const socket = connect(port, "127.0.0.1", onConnect);
  const look = (): void => waiting.forEach((one) => one());
  socket.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (let length = lengthOf(rest); length !== null; length = lengthOf(rest)) {
      const read = readFrame(rest.subarray(0, length));
      rest = rest.subarray(length);
      if (answersPings && read.type === frames.ping) socket.write(frame(frames.ping, ack, 0, read.payload));
      else arrived.push(read);
    }
    look();
  });
  // Whatever is wrong with the connection closes it.
  socket.on("error", () => undefined);
  socket.on("close", () => {
    isClosed = true;
    onClose();
    look();
  });
  await connected;
  return {
    closed,
    write: (...given) => void socket.write(Buffer.concat(given)),
    pause: () => void socket.pause(),
    next(type) {
      const { promise, resolve, reject } = Promise.withResolvers<Frame>();
      const take = (): void => {
        const at = arrived.findIndex((one) => one.type === type);
        const [found] = at < 0 ? [] : arrived.splice(at, 1);
        if (found === undefined && !isClosed) return;
        waiting.delete(take);
        if (found === undefined) reject(new Error(`closed before a frame of type ${type}`));
        else resolve(found);
      };
      waiting.add(take);
      take();
      return promise;
    },
    [Symbol.dispose]: () => void socket.destroy(),
  };
}

export function frame(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** The beginning of a call: its headers. More of them may be given, in order. */
export function callHeaders(stream: number, path: string, more: readonly (readonly [string, string])[] = []): Buffer {
  const all: readonly (readonly [string, string])[] = [
    [":path", path],
    [":authority", "gateway"],
    ["content-type", "application/grpc"],
    ["te", "trailers"],
    ...more,
  ];
  // POST and http are entries 3 and 6 of HPACK's table; the rest is said in full.
  const block = [Buffer.from([0x83, 0x86]), ...all.map(([name, value]) => literal(name, value))];
  return frame(frames.headers, endHeaders, stream, Buffer.concat(block));
}

/** The one message of a call, and its end. */
export function callMessage(stream: number, message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return frame(frames.data, endStream, stream, Buffer.concat([prefix, message]));
}

function literal(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0]), hpackText(name), hpackText(value)]);
}

/** A string of HPACK, not compressed: its length begins in seven bits. */
export function hpackText(value: string): Buffer {
  const bytes = Buffer.from(value);
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const length = [127];
  let left = bytes.length - 127;
  for (; left > 127; left = Math.floor(left / 128)) length.push((left % 128) + 128);
  return Buffer.concat([Buffer.from([...length, left]), bytes]);
}

function settingsPayload(settings: readonly (readonly [number, number])[]): Buffer {
  const payload = Buffer.alloc(settings.length * 6);
  settings.forEach(([identifier, value], at) => {
    payload.writeUInt16BE(identifier, at * 6);
    payload.writeUInt32BE(value, at * 6 + 2);
  });
  return payload;
}

function lengthOf(bytes: Buffer): number | null {
  if (bytes.length < headBytes) return null;
  const length = headBytes + bytes.readUIntBE(0, 3);
  return bytes.length < length ? null : length;
}

function readFrame(bytes: Buffer): Frame {
  const payload = bytes.subarray(headBytes);
  return { type: bytes.readUInt8(3), flags: bytes.readUInt8(4), stream: bytes.readUInt32BE(5), payload };
}
