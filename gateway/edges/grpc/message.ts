import type { ServerHttp2Stream } from "node:http2";
import { promisify } from "node:util";
import { gunzip, inflate } from "node:zlib";
import { callerGone, refuse, RequestError } from "../../core/errors.ts";

/** A byte that says whether the message is compressed, and four that say how long it is. */
const prefixBytes = 5;

/** How a message may be compressed. */
const decompressors = { gzip: promisify(gunzip), deflate: promisify(inflate) } as const;

/** What `grpc-accept-encoding` says. */
export const encodings = ["identity", ...Object.keys(decompressors)].join(",");

export interface ReadOptions {
  /** As `grpc-encoding` says. */
  readonly encoding: string | null;
  readonly maxBytes: number;
  /** How long it may take until all of it is there, in milliseconds. */
  readonly withinMs: number;
}

/**
 * The one message of a call. Rejects with a RequestError: 413 as soon as a message announces more than `maxBytes`, 400 where it
 * is cut off or is not the only one, 408 where it is not there in time, 499 where the caller has gone.
 */
export async function readMessage(
  stream: ServerHttp2Stream,
  { encoding, maxBytes, withinMs }: ReadOptions,
): Promise<Uint8Array> {
  if (encoding !== null && encoding !== "identity" && !Object.hasOwn(decompressors, encoding)) {
    const message = `messages may be compressed by ${encodings}, not by ${encoding.slice(0, 32)}`;
    throw new RequestError(501, "encoding-unknown", message);
  }
  const framed = await readFrame(stream, maxBytes, withinMs);
  const message = framed.subarray(prefixBytes);
  if (framed[0] === 0) return message;
  if (encoding !== "gzip" && encoding !== "deflate") {
    return refuse("encoding-missing", "the message says that it is compressed, but grpc-encoding does not say how");
  }
  return decompress(message, encoding, maxBytes);
}

/** A message that is sent, uncompressed. */
export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(prefixBytes + message.length);
  framed.writeUInt8(0, 0);
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, prefixBytes);
  return framed;
}

async function decompress(message: Uint8Array, encoding: "gzip" | "deflate", maxBytes: number): Promise<Uint8Array> {
  try {
    return await decompressors[encoding](message, { maxOutputLength: maxBytes });
  } catch (error) {
    if (error instanceof RangeError) return tooLarge(maxBytes);
    return refuse("encoding-broken", `the message cannot be decompressed by ${encoding}`);
  }
}

/** Prefix and message, when the caller has sent all that it will. */
async function readFrame(stream: ServerHttp2Stream, maxBytes: number, withinMs: number): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const chunks: Buffer[] = [];
  let size = 0;
  /** Of prefix and message, as soon as the prefix is there. */
  let announced: number | null = null;
  const late = (): void =>
    reject(new RequestError(408, "message-late", `the message was not there within ${withinMs} ms`));
  const timer = setTimeout(late, withinMs);
  const take = (chunk: Buffer): void => {
    chunks.push(chunk);
    size += chunk.length;
    if (announced === null && size >= prefixBytes) announced = announcedBy(chunks, maxBytes);
    if (announced !== null && size > announced) refuse("message-twice", "the call must have one message, not more");
  };
  const finish = (): void => {
    if (size !== announced) refuse("message-cut-off", "the call's message is missing, or cut off");
    const [first] = chunks;
    resolve(first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks));
  };
  const orReject =
    <Given extends readonly unknown[]>(step: (...given: Given) => void) =>
    (...given: Given): void => {
      try {
        step(...given);
      } catch (error) {
        reject(error);
      }
    };
  stream.on("data", orReject(take));
  stream.once("end", orReject(finish));
  const leave = (): void => reject(callerGone());
  stream.once("close", leave);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    stream.removeAllListeners("data");
    stream.off("close", leave);
  }
}

/** How long prefix and message are together. Throws a RequestError for a message that is too long, and for another prefix. */
function announcedBy(chunks: readonly Buffer[], maxBytes: number): number {
  const [first = Buffer.alloc(0)] = chunks;
  const prefix = first.length < prefixBytes ? Buffer.concat(chunks) : first;
  if (prefix.readUInt8(0) > 1) refuse("message-prefix", "the call's message does not begin as gRPC has it");
  const length = prefix.readUInt32BE(1);
  if (length > maxBytes) tooLarge(maxBytes);
  return prefixBytes + length;
}

function tooLarge(maxBytes: number): never {
  throw new RequestError(413, "message-too-large", `the message may have ${maxBytes} bytes; send less at once`);
}
