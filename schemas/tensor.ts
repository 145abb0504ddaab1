import type { Datatype } from "./model-version.ts";

/** Elements of a tensor, row-major; strings for BYTES (or, where they are no text, which only model servers take, as bytes on the wire), 0 and 1 for BOOL, bits for FP16 and BF16. */
export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | readonly string[];

/** A named tensor with every dimension known. */
export interface Tensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** How the elements of a datatype are kept, and by which name ONNX Runtime's JavaScript binding knows it; null: it takes none. */
interface Element {
  readonly ort: string | null;
  /** Zeros, or empty strings. */
  readonly allocate: (count: number) => TensorData;
}

export const elements = {
  BOOL: { ort: "bool", allocate: (count) => new Uint8Array(count) },
  UINT8: { ort: "uint8", allocate: (count) => new Uint8Array(count) },
  UINT16: { ort: "uint16", allocate: (count) => new Uint16Array(count) },
  UINT32: { ort: "uint32", allocate: (count) => new Uint32Array(count) },
  UINT64: { ort: "uint64", allocate: (count) => new BigUint64Array(count) },
  INT8: { ort: "int8", allocate: (count) => new Int8Array(count) },
  INT16: { ort: "int16", allocate: (count) => new Int16Array(count) },
  INT32: { ort: "int32", allocate: (count) => new Int32Array(count) },
  INT64: { ort: "int64", allocate: (count) => new BigInt64Array(count) },
  FP16: { ort: "float16", allocate: (count) => new Uint16Array(count) },
  BF16: { ort: null, allocate: (count) => new Uint16Array(count) },
  FP32: { ort: "float32", allocate: (count) => new Float32Array(count) },
  FP64: { ort: "float64", allocate: (count) => new Float64Array(count) },
  BYTES: { ort: "string", allocate: (count) => Array<string>(count).fill("") },
} as const satisfies Readonly<Record<Datatype, Element>>;

/** By ONNX Runtime's name; null for types that the protocol does not have (int4, complex numbers...). */
export function datatypeOf(ort: string): Datatype | null {
  return (Object.keys(elements) as Datatype[]).find((datatype) => elements[datatype].ort === ort) ?? null;
}
