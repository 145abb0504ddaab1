import type { Datatype } from "../../schemas/model-version.ts";
import type { Tensor, TensorData } from "../../schemas/tensor.ts";
import { RequestError } from "./errors.ts";
import { InferenceError } from "./ports.ts";

/** What is known of a tensor before its bytes are read. */
export type TensorHead = Omit<Tensor, "data">;

/** Elements of one size, as typed arrays over the bytes; BYTES elements have a length each. */
type FixedDatatype = Exclude<Datatype, "BYTES">;

interface Fixed {
  readonly size: number;
  /** `at` is a multiple of the size: a view, never a copy. */
  readonly view: (buffer: ArrayBufferLike, at: number, count: number) => Exclude<TensorData, readonly string[]>;
}

/** FP16 and BF16 travel as their bits. Every machine that Bun runs on is little-endian, as the wire is. */
const fixed: Readonly<Record<FixedDatatype, Fixed>> = {
  BOOL: { size: 1, view: (buffer, at, count) => new Uint8Array(buffer, at, count) },
  UINT8: { size: 1, view: (buffer, at, count) => new Uint8Array(buffer, at, count) },
  UINT16: { size: 2, view: (buffer, at, count) => new Uint16Array(buffer, at, count) },
  UINT32: { size: 4, view: (buffer, at, count) => new Uint32Array(buffer, at, count) },
  UINT64: { size: 8, view: (buffer, at, count) => new BigUint64Array(buffer, at, count) },
  INT8: { size: 1, view: (buffer, at, count) => new Int8Array(buffer, at, count) },
  INT16: { size: 2, view: (buffer, at, count) => new Int16Array(buffer, at, count) },
  INT32: { size: 4, view: (buffer, at, count) => new Int32Array(buffer, at, count) },
  INT64: { size: 8, view: (buffer, at, count) => new BigInt64Array(buffer, at, count) },
  FP16: { size: 2, view: (buffer, at, count) => new Uint16Array(buffer, at, count) },
  BF16: { size: 2, view: (buffer, at, count) => new Uint16Array(buffer, at, count) },
  FP32: { size: 4, view: (buffer, at, count) => new Float32Array(buffer, at, count) },
  FP64: { size: 8, view: (buffer, at, count) => new Float64Array(buffer, at, count) },
};

/** Bytes before each BYTES element, which say how long it is. */
const prefixBytes = 4;

/**
 * A tensor of the raw bytes that a caller sent: Triton's binary tensor data, or gRPC's raw contents. Throws a RequestError
 * where they are not what datatype and shape say. Numbers are a view of the bytes where these are aligned, so the bytes must
 * not change afterwards. `takesBytes`: whoever runs it takes BYTES that are no text, as they are.
 */
export function decodeRawInput(head: TensorHead, bytes: Uint8Array, takesBytes = false): Tensor {
  const fail = (message: string): never => {
    throw new RequestError(400, "binary-data", `input "${head.name}": ${message}`);
  };
  return decode(head, bytes, takesBytes, fail);
}

/** The same of an upstream's answer, which may be as wrong: throws an InferenceError then. Its BYTES need not be text. */
export function decodeRawOutput(head: TensorHead, bytes: Uint8Array): Tensor {
  return decode(head, bytes, true, (message) => {
    throw new InferenceError(`output "${head.name}": ${message}`);
  });
}

/** The elements as raw bytes: a view of them, but for BYTES that are text. */
export function encodeRaw({ datatype, data }: Pick<Tensor, "datatype" | "data">): Uint8Array {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (datatype !== "BYTES") throw new TypeError(`${datatype} elements are numbers`);
  const sizes = data.map((text) => Buffer.byteLength(text));
  const bytes = Buffer.allocUnsafe(sizes.reduce((sum, size) => sum + prefixBytes + size, 0));
  let at = 0;
  data.forEach((text, index) => {
    at = bytes.writeUInt32LE(sizes[index] ?? 0, at);
    at += bytes.write(text, at);
  });
  return bytes;
}

type Fail = (message: string) => never;

function decode(head: TensorHead, bytes: Uint8Array, takesBytes: boolean, fail: Fail): Tensor {
  const { name, datatype, shape } = head;
  const count = shape.reduce((size, dimension) => size * dimension, 1);
  if (datatype !== "BYTES") return { name, datatype, shape, data: numbers(datatype, bytes, shape, count, fail) };
  const { texts, odd } = strings(bytes, shape, count, fail);
  if (odd !== -1 && !takesBytes) fail(`element ${odd}: is no UTF-8 text`);
  return { name, datatype, shape, data: odd === -1 ? texts : bytes };
}

function numbers(
  datatype: FixedDatatype,
  bytes: Uint8Array,
  shape: readonly number[],
  count: number,
  fail: Fail,
): TensorData {
  const { size, view } = fixed[datatype];
  if (bytes.length !== count * size) {
    fail(
      `${datatype} of the shape [${shape.join(", ")}] has ${count * size} bytes of binary data, got ${bytes.length}`,
    );
  }
  if (datatype === "BOOL") {
    const wrong = bytes.findIndex((byte) => byte > 1);
    if (wrong !== -1) fail(`element ${wrong}: expected 0 or 1, got the byte ${bytes[wrong]}`);
  }
  if (bytes.byteOffset % size === 0) return view(bytes.buffer, bytes.byteOffset, count);
  return view(new Uint8Array(bytes).buffer, 0, count);
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The elements as text; `odd`: the first that is none, so that it is not altered; -1: there is none such. */
function strings(
  bytes: Uint8Array,
  shape: readonly number[],
  count: number,
  fail: Fail,
): { readonly texts: readonly string[]; readonly odd: number } {
  // Before anything is allocated: a shape costs nothing to write, its elements do.
  if (count * prefixBytes > bytes.length) {
    fail(`BYTES of the shape [${shape.join(", ")}] has ${count} elements, more than ${bytes.length} bytes hold`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const texts = Array<string>(count);
  let odd = -1;
  let at = 0;
  for (let index = 0; index < count; index++) {
    if (at + prefixBytes > bytes.length) fail(`element ${index}: its length is cut off`);
    const start = at + prefixBytes;
    const length = view.getUint32(at, true);
    if (length > bytes.length - start) {
      fail(`element ${index}: says that it has ${length} bytes, but ${bytes.length - start} are left`);
    }
    at = start + length;
    const text = textOf(bytes.subarray(start, at));
    if (text === null && odd === -1) odd = index;
    texts[index] = text ?? "";
  }
  if (at !== bytes.length) fail(`${bytes.length - at} bytes are left over after ${count} elements`);
  return { texts, odd };
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}
