/** A gRPC client that shares nothing with the gateway but the protocol's text: @grpc/grpc-js, with protobufjs for messages. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Client, credentials, Metadata, status, type compressionAlgorithms, type ServiceError } from "@grpc/grpc-js";
import { parse, Root, type Type } from "protobufjs";

const protos = join(import.meta.dir, "../../gateway/core/grpc");
const root = new Root();
for (const file of ["inference.proto", "health.proto"]) {
  parse(readFileSync(join(protos, file), "utf8"), root, { keepCase: true });
}

/** A message's bytes, by the protocol's text. */
export function encodeMessage(name: string, message: object): Buffer {
  const type = typeOf(name);
  return Buffer.from(type.encode(type.fromObject(message)).finish());
}

/** Fields that are not there are left out; numbers of 64 bits are text, bytes base64. */
export function decodeMessage(name: string, bytes: Uint8Array): Record<string, unknown> {
  const type = typeOf(name);
  return type.toObject(type.decode(bytes), { longs: String, bytes: String, enums: String });
}

function typeOf(name: string): Type {
  return root.lookupType(name.includes(".") ? name : `inference.${name}`);
}

export interface GrpcAnswer {
  /** By its name in gRPC: `OK`, `NOT_FOUND`. */
  readonly status: string;
  /** For people; empty for OK. */
  readonly details: string;
  readonly reply: Record<string, unknown>;
  /** At the beginning where the call succeeded, else at the end. */
  readonly metadata: Metadata;
}

export interface CallOptions {
  readonly metadata?: Readonly<Record<string, string>>;
  /** How long the client waits. */
  readonly withinMs?: number;
  readonly compression?: compressionAlgorithms;
  readonly signal?: AbortSignal;
}

export interface GrpcClient extends Disposable {
  call(method: string, message?: object, options?: CallOptions): Promise<GrpcAnswer>;
  /** The same with whatever bytes. */
  send(method: string, bytes: Buffer, options?: CallOptions): Promise<GrpcAnswer>;
  /** Asks the standard health service about a service. */
  check(service: string, options?: CallOptions): Promise<GrpcAnswer>;
}

const inference = "/inference.GRPCInferenceService/";
const health = "grpc.health.v1.";

/** Of the gateway at this port; of several, the client goes to the next where one sends it away. */
export function grpcClient(
  ports: number | readonly number[],
  { compression }: Pick<CallOptions, "compression"> = {},
): GrpcClient {
  const addresses = [ports].flat().map((port) => `127.0.0.1:${port}`);
  const client = new Client(`ipv4:${addresses.join(",")}`, credentials.createInsecure(), {
    "grpc.max_send_message_length": -1,
    ...(compression !== undefined && { "grpc.default_compression_algorithm": compression }),
    // A channel of its own, that closes with this client.
    "grpc.use_local_subchannel_pool": 1,
  });
  const same = (bytes: Buffer): Buffer => bytes;
  const unary = (
    path: string,
    replies: string,
    bytes: Buffer,
    { metadata = {}, withinMs, signal }: CallOptions = {},
  ): Promise<GrpcAnswer> => {
    const { promise, resolve } = Promise.withResolvers<GrpcAnswer>();
    const given = new Metadata();
    for (const [name, value] of Object.entries(metadata)) given.set(name, value);
    const options = withinMs === undefined ? {} : { deadline: Date.now() + withinMs };
    let initial = new Metadata();
    const done = (error: ServiceError | null, reply?: Buffer): void => {
      const failed = { status: status[error?.code ?? 0] ?? "?", details: error?.details ?? "", reply: {} };
      if (error !== null || reply === undefined) return resolve({ ...failed, metadata: error?.metadata ?? initial });
      resolve({ ...failed, reply: decodeMessage(replies, reply), metadata: initial });
    };
    const call = client.makeUnaryRequest(path, same, same, bytes, given, options, done);
    call.on("metadata", (got: Metadata) => void (initial = got));
    signal?.addEventListener("abort", () => call.cancel(), { once: true });
    return promise;
  };
  const send: GrpcClient["send"] = (method, bytes, options) =>
    unary(`${inference}${method}`, `${method}Response`, bytes, options);
  return {
    send,
    check: (service, options) => {
      const bytes = encodeMessage(`${health}HealthCheckRequest`, { service });
      return unary(`/${health}Health/Check`, `${health}HealthCheckResponse`, bytes, options);
    },
    call: (method, message = {}, options = {}) => send(method, encodeMessage(`${method}Request`, message), options),
    [Symbol.dispose]: () => client.close(),
  };
}

/** Elements as raw contents have them. */
export function rawOf(array: ArrayBufferView): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}
