import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { RequestError } from "../../../gateway/core/errors.ts";
import { InferenceError } from "../../../gateway/core/ports.ts";
import { decodeRawInput, decodeRawOutput, encodeRaw, type TensorHead } from "../../../gateway/core/raw-tensors.ts";
import { datatypes, type Datatype } from "../../../schemas/model-version.ts";
import type { Tensor } from "../../../schemas/tensor.ts";

const sizes = new Map<Datatype, number>([
  ["BOOL", 1],
  ["UINT8", 1],
  ["UINT16", 2],
  ["UINT32", 4],
  ["UINT64", 8],
  ["INT8", 1],
  ["INT16", 2],
  ["INT32", 4],
  ["INT64", 8],
  ["FP16", 2],
  ["BF16", 2],
  ["FP32", 4],
  ["FP64", 8],
]);

const head = (datatype: Datatype, ...shape: number[]): TensorHead => ({ name: "x", datatype, shape });

/** The bytes, `offset` bytes into a larger buffer: as they lie in a body. */
function placed(bytes: Uint8Array, offset: number): Uint8Array {
  const buffer = new Uint8Array(offset + bytes.length + 3);
  buffer.set(bytes, offset);
  return buffer.subarray(offset, offset + bytes.length);
}

/** Shapes with a product of at most 60, and the bytes of such a tensor. */
const numberTensors = fc
  .tuple(fc.constantFrom(...sizes), fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }))
  .chain(([[datatype, bytesEach], shape]) => {
    const length = shape.reduce((product, size) => product * size, 1) * bytesEach;
    const max = datatype === "BOOL" ? 1 : 255;
    const bytes = fc.uint8Array({ minLength: length, maxLength: length, max });
    return fc.record({ head: fc.constant(head(datatype, ...shape)), bytes });
  });

const texts = fc.array(fc.string({ unit: "binary" }), { maxLength: 20 });

describe("raw contents", () => {
  test("of numbers keep every bit both ways, wherever they lie in a body", () => {
    fc.assert(
      fc.property(numberTensors, fc.integer({ min: 0, max: 16 }), ({ head, bytes }, offset) => {
        for (const decode of [decodeRawInput, decodeRawOutput]) {
          const tensor = decode(head, placed(bytes, offset));
          expect({ ...tensor, data: undefined }).toEqual({ ...head, data: undefined });
          expect([...encodeRaw(tensor)]).toEqual([...bytes]);
        }
      }),
    );
  });

  test("of texts are the same texts afterwards, a byte order mark included", () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 0, max: 8 }), (data, offset) => {
        const tensor: Tensor = { ...head("BYTES", data.length), data };
        expect(decodeRawInput(tensor, placed(encodeRaw(tensor), offset))).toEqual(tensor);
      }),
      { examples: [[["\uFEFFa", ""], 1]] },
    );
  });

  test("are not copied where they are aligned", () => {
    const buffer = new ArrayBuffer(32);
    const aligned = decodeRawInput(head("FP32", 2), new Uint8Array(buffer, 8, 8));
    expect((aligned.data as Float32Array).buffer).toBe(buffer);
    expect((aligned.data as Float32Array).byteOffset).toBe(8);
    const odd = decodeRawInput(head("FP32", 2), new Uint8Array(buffer, 9, 8));
    expect((odd.data as Float32Array).buffer).not.toBe(buffer);
    expect(encodeRaw(aligned).buffer).toBe(buffer);
  });

  test("are little-endian, texts with their length before them", () => {
    expect(decodeRawInput(head("INT32", 2), Uint8Array.of(1, 0, 0, 0, 254, 255, 255, 255)).data).toEqual(
      new Int32Array([1, -2]),
    );
    expect(decodeRawInput(head("FP16", 1), Uint8Array.of(0, 0x3c)).data).toEqual(new Uint16Array([0x3c00]));
    expect([...encodeRaw({ datatype: "BYTES", data: ["ä", ""] })]).toEqual([2, 0, 0, 0, 0xc3, 0xa4, 0, 0, 0, 0]);
  });
});

describe("raw contents are refused, with what was expected, where", () => {
  const cases: readonly (readonly [string, TensorHead, readonly number[], string])[] = [
    ["bytes are missing", head("FP32", 2, 2), [0, 0], "FP32 of the shape [2, 2] has 16 bytes of binary data, got 2"],
    ["there are too many", head("UINT8", 1), [1, 2], "has 1 bytes of binary data, got 2"],
    ["a scalar has no bytes", head("INT64"), [], "INT64 of the shape [] has 8 bytes of binary data, got 0"],
    ["the shape is huge", head("BYTES", 2 ** 40, 2 ** 40), [0, 0, 0, 0], "more than 4 bytes hold"],
    ["a truth value is neither", head("BOOL", 3), [1, 0, 2], "element 2: expected 0 or 1, got the byte 2"],
    ["a text is cut off", head("BYTES", 1), [3, 0, 0, 0, 97], "element 0: says that it has 3 bytes, but 1 are left"],
    ["a length is huge", head("BYTES", 1), [255, 255, 255, 255, 97], "says that it has 4294967295 bytes"],
    ["a length is cut off", head("BYTES", 2), [1, 0, 0, 0, 97, 0, 0, 0], "element 1: its length is cut off"],
    ["bytes are left over", head("BYTES", 1), [0, 0, 0, 0, 9], "1 bytes are left over after 1 elements"],
  ];

  test("a text is no UTF-8, unless whoever runs it takes that", () => {
    const odd = Uint8Array.from([1, 0, 0, 0, 0x61, 1, 0, 0, 0, 0xff]);
    expect(() => decodeRawInput(head("BYTES", 2), odd)).toThrow("element 1: is no UTF-8 text");
    for (const read of [decodeRawInput(head("BYTES", 2), odd, true), decodeRawOutput(head("BYTES", 2), odd)]) {
      expect(encodeRaw(read)).toEqual(odd);
    }
    expect(() => decodeRawInput(head("BYTES", 1), odd, true)).toThrow("bytes are left over");
  });

  test.each(cases)("%s", (_, tensor, bytes, says) => {
    const read = (decode: typeof decodeRawInput) => () => decode(tensor, Uint8Array.from(bytes));
    expect(read(decodeRawInput)).toThrow(RequestError);
    expect(read(decodeRawInput)).toThrow(says);
    expect(read(decodeRawOutput)).toThrow(InferenceError);
    expect(read(decodeRawOutput)).toThrow(says);
  });

  test("any bytes for any datatype and shape: a tensor of that many elements, or a refusal, nothing else", () => {
    const shapes = fc.array(fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constant(2 ** 40)), { maxLength: 3 });
    fc.assert(
      fc.property(fc.constantFrom(...datatypes), shapes, fc.uint8Array({ maxLength: 40 }), (datatype, shape, bytes) => {
        try {
          const { data } = decodeRawInput(head(datatype, ...shape), bytes);
          expect(data.length).toBe(shape.reduce((product, size) => product * size, 1));
        } catch (error) {
          expect(error).toBeInstanceOf(RequestError);
        }
      }),
    );
  });
});
