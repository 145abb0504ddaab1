import { describe, expect, test } from "bun:test";
import { decodeGrpcInfer } from "../../../gateway/core/grpc-infer.ts";
import { readModelInferRequest } from "../../../gateway/core/grpc/messages.ts";
import type { Datatype } from "../../../schemas/model-version.ts";
import { encodeMessage } from "../../support/grpc.ts";

/** Decodes one input `x` of two elements. */
function decode(datatype: Datatype, contents: object) {
  const signature = { inputs: [{ name: "x", datatype, shape: [2] }], outputs: [{ name: "y", datatype, shape: [2] }] };
  const inputs = [{ name: "x", datatype, shape: [2], contents }];
  return decodeGrpcInfer(readModelInferRequest(encodeMessage("ModelInferRequest", { inputs })), signature);
}

describe("typed contents", () => {
  test.each<[Datatype, object, unknown]>([
    ["BOOL", { bool_contents: [true, false] }, Uint8Array.of(1, 0)],
    ["INT8", { int_contents: [-128, 127] }, Int8Array.of(-128, 127)],
    ["INT16", { int_contents: [-32768, 1] }, Int16Array.of(-32768, 1)],
    ["INT32", { int_contents: [-5, 5] }, Int32Array.of(-5, 5)],
    ["INT64", { int64_contents: [-5, 5] }, BigInt64Array.of(-5n, 5n)],
    ["UINT8", { uint_contents: [255, 0] }, Uint8Array.of(255, 0)],
    ["UINT16", { uint_contents: [65535, 0] }, Uint16Array.of(65535, 0)],
    ["UINT32", { uint_contents: [5, 6] }, Uint32Array.of(5, 6)],
    ["UINT64", { uint64_contents: [5, 6] }, BigUint64Array.of(5n, 6n)],
    ["FP32", { fp32_contents: [0.5, 1] }, Float32Array.of(0.5, 1)],
    ["FP64", { fp64_contents: [0.1, 1] }, Float64Array.of(0.1, 1)],
    ["BYTES", { bytes_contents: [Buffer.from("a"), Buffer.from("é")] }, ["a", "é"]],
  ])("of %s become its elements", (datatype, contents, data) => {
    expect(decode(datatype, contents).tensors).toEqual([{ name: "x", datatype, shape: [2], data } as never]);
  });

  test.each<[Datatype, object, RegExp]>([
    ["INT8", { int_contents: [0, 128] }, /"x": element 1: 128 is out of the range of INT8/],
    ["INT16", { int_contents: [-32769, 0] }, /element 0: -32769 is out of the range of INT16/],
    ["UINT8", { uint_contents: [256, 0] }, /element 0: 256 is out of the range of UINT8/],
    ["UINT16", { uint_contents: [0, 65536] }, /element 1: 65536 is out of the range of UINT16/],
    ["FP16", { fp32_contents: [1, 2] }, /"x" is FP16, which only raw_input_contents carries/],
    ["BF16", { fp32_contents: [1, 2] }, /"x" is BF16, which only raw_input_contents carries/],
    ["FP32", { fp32_contents: [1, 2], fp64_contents: [1, 2] }, /in fp32_contents, got fp32_contents and fp64_contents/],
    ["BYTES", { bytes_contents: [Buffer.from([0xff]), Buffer.from("")] }, /element 0: is no UTF-8 text/],
  ])("of %s that it cannot be are refused", (datatype, contents, says) => {
    expect(() => decode(datatype, contents)).toThrow(says);
  });
});
