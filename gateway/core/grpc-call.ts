import type { Gone } from "./ports.ts";

/** One call of a method that takes one message and answers with one. */
export interface GrpcRequest {
  /** `/inference.GRPCInferenceService/ModelInfer` */
  readonly path: string;
  /** Value of a metadata key, or null. */
  header(name: string): string | null;
  /** How long the caller waits, in milliseconds; null where it does not say. Throws a RequestError where what it says is no time. */
  timeoutMs(): number | null;
  readonly gone: Gone;
  /** Nobody waits for the answer any more. */
  isGone(): boolean;
  /** The message, once. Rejects with a RequestError where it is too large, cut off or no message. */
  read(maxBytes: number): Promise<Uint8Array>;
}

export interface GrpcReply {
  readonly status: GrpcStatus;
  /** For people; empty where the call succeeded. */
  readonly message: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** null where the call failed. */
  readonly body: Uint8Array | null;
}

/** The codes of gRPC that are answered here (grpc.github.io/grpc/core/md_doc_statuscodes.html). */
const statuses = {
  OK: 0,
  CANCELLED: 1,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  RESOURCE_EXHAUSTED: 8,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
} as const;
type GrpcStatus = (typeof statuses)[keyof typeof statuses];

/** What a status of HTTP is called in gRPC: a request is refused for the same reasons over both. */
export function grpcStatusOf(httpStatus: number): GrpcStatus {
  switch (httpStatus) {
    case 200:
      return statuses.OK;
    case 404:
      return statuses.NOT_FOUND;
    case 408:
    case 504:
      return statuses.DEADLINE_EXCEEDED;
    case 413:
      return statuses.RESOURCE_EXHAUSTED;
    case 499:
      return statuses.CANCELLED;
    case 501:
      return statuses.UNIMPLEMENTED;
    case 502:
    case 503:
      return statuses.UNAVAILABLE;
    default:
      return httpStatus < 500 ? statuses.INVALID_ARGUMENT : statuses.INTERNAL;
  }
}

const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 0.001, n: 0.000_001 };

/** The metadata `grpc-timeout`, such as `100m`, in milliseconds; null where it is none. */
export function readTimeout(text: string): number | null {
  const [, digits, unit = ""] = /^(\d{1,8})([HMSmun])$/.exec(text) ?? [];
  const factor = unitMs[unit];
  return digits === undefined || factor === undefined ? null : Number(digits) * factor;
}

/** A message as `grpc-message` carries it: printable ASCII, the rest percent-encoded. */
export function encodeMessage(message: string): string {
  return [...new TextEncoder().encode(message)]
    .map((byte) =>
      byte >= 0x20 && byte <= 0x7e && byte !== 0x25
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`,
    )
    .join("");
}
