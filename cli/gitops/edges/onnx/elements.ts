import type { Tensor } from "onnxruntime-node";
import type { Datatype } from "../../../../schemas/model-version.ts";

/** A datatype that both the Open Inference Protocol and ONNX Runtime's binding know. */
interface Element {
  readonly datatype: Datatype;
  /** ONNX Runtime's name. */
  readonly type: Tensor.Type;
  /** `count` zeros or ones; of strings, empty ones or "1". */
  readonly data: (count: number, fill: 0 | 1) => Tensor.DataType;
}

const elements: readonly Element[] = [
  { datatype: "BOOL", type: "bool", data: (count, fill) => new Uint8Array(count).fill(fill) },
  { datatype: "UINT8", type: "uint8", data: (count, fill) => new Uint8Array(count).fill(fill) },
  { datatype: "UINT16", type: "uint16", data: (count, fill) => new Uint16Array(count).fill(fill) },
  { datatype: "UINT32", type: "uint32", data: (count, fill) => new Uint32Array(count).fill(fill) },
  { datatype: "UINT64", type: "uint64", data: (count, fill) => new BigUint64Array(count).fill(BigInt(fill)) },
  { datatype: "INT8", type: "int8", data: (count, fill) => new Int8Array(count).fill(fill) },
  { datatype: "INT16", type: "int16", data: (count, fill) => new Int16Array(count).fill(fill) },
  { datatype: "INT32", type: "int32", data: (count, fill) => new Int32Array(count).fill(fill) },
  { datatype: "INT64", type: "int64", data: (count, fill) => new BigInt64Array(count).fill(BigInt(fill)) },
  // Half floats travel as their bits: 1.0 is 0x3C00 (IEEE 754 binary16).
  { datatype: "FP16", type: "float16", data: (count, fill) => new Uint16Array(count).fill(fill * 0x3c00) },
  { datatype: "FP32", type: "float32", data: (count, fill) => new Float32Array(count).fill(fill) },
  { datatype: "FP64", type: "float64", data: (count, fill) => new Float64Array(count).fill(fill) },
  { datatype: "BYTES", type: "string", data: (count, fill) => Array<string>(count).fill(fill === 0 ? "" : "1") },
];

/** By ONNX Runtime's name; undefined for types that no request can carry (int4, complex numbers...). */
export function elementOfType(type: string): Element | undefined {
  return elements.find((element) => element.type === type);
}

/** By the protocol's name; undefined for BF16, which ONNX Runtime's binding does not take. */
export function elementOfDatatype(datatype: Datatype): Element | undefined {
  return elements.find((element) => element.datatype === datatype);
}
