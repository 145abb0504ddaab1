import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { RequestError } from "../../../gateway/core/errors.ts";
import { decodeInferRequest, encodeInferResponse } from "../../../gateway/core/oip.ts";
import { modelMetadata } from "../../../gateway/core/oip-metadata.ts";
import type { Tensor } from "../../../schemas/tensor.ts";
import { datatypes, type Signature } from "../../../schemas/model-version.ts";
import { codecOf } from "../../../gateway/core/values.ts";

const signature: Signature = {
  inputs: [
    { name: "x", datatype: "FP32", shape: [-1, 2] },
    { name: "word", datatype: "BYTES", shape: [-1] },
  ],
  outputs: [
    { name: "label", datatype: "INT64", shape: [-1] },
    { name: "p", datatype: "FP32", shape: [-1, 2] },
  ],
};
const x = { name: "x", datatype: "FP32", shape: [2, 2], data: [1, 2, 3, 4] };
const word = { name: "word", datatype: "BYTES", shape: [2], data: ["a", "b"] };

test("flat and nested data give the same tensors, in the signature's order", () => {
  const expected: Tensor[] = [
    { name: "x", datatype: "FP32", shape: [2, 2], data: new Float32Array([1, 2, 3, 4]) },
    { name: "word", datatype: "BYTES", shape: [2], data: ["a", "b"] },
  ];
  const flat = decodeInferRequest({ id: "7", inputs: [word, x] }, signature);
  const nested = decodeInferRequest(
    {
      inputs: [
        word,
        {
          ...x,
          data: [
            [1, 2],
            [3, 4],
          ],
        },
      ],
    },
    signature,
  );
  expect(flat).toEqual({ id: "7", tensors: expected, outputs: null, binary: false });
  expect(nested).toEqual({ id: null, tensors: expected, outputs: null, binary: false });
});

function refusal(body: unknown): string {
  try {
    decodeInferRequest(body, signature);
  } catch (error) {
    expect(error).toBeInstanceOf(RequestError);
    expect((error as RequestError).status).toBe(400);
    return (error as RequestError).message;
  }
  throw new Error("was not refused");
}

const withX = (change: object) => ({ inputs: [{ ...x, ...change }, word] });

describe("what is wrong is said of", () => {
  test.each<[string, unknown, string]>([
    ["the body", null, "the body must be a JSON object, not null"],
    ["the id", { id: 3, inputs: [x, word] }, '"id" must be a string'],
    ["no inputs", { inputs: [] }, '"inputs" must be a list of at least one tensor'],
    ["an input without a name", { inputs: [{}] }, 'inputs[0] must be an object with a "name"'],
    ["an unknown input", { inputs: [x, { ...word, name: "words" }] }, 'input "words" is unknown, did you mean "word"?'],
    ["a missing input", { inputs: [x] }, 'input "word" missing'],
    ["an input twice", { inputs: [x, word, x] }, 'input "x" is given twice'],
    ["parameters", withX({ parameters: 3 }), 'input "x": "parameters" must be an object, not the number 3'],
    ["parameters of all", { inputs: [x, word], parameters: [] }, '"parameters" must be an object, not a list of 0'],
    [
      "binary data without its header",
      withX({ data: undefined, parameters: { binary_data_size: 16 } }),
      'input "x": it has "binary_data_size", but the header Inference-Header-Content-Length',
    ],
    [
      "data twice",
      withX({ parameters: { binary_data_size: 16 } }),
      'input "x": give "data" or "binary_data_size", not both',
    ],
    [
      "a flag that is none",
      { inputs: [x, word], outputs: [{ name: "p", parameters: { binary_data: "yes" } }] },
      'output "p": "binary_data" must be true or false, not the string "yes"',
    ],
    ["the datatype", withX({ datatype: "FP64" }), 'input "x": expected the datatype FP32, got the string "FP64"'],
    ["a missing shape", withX({ shape: undefined }), 'input "x": expected the shape [-1, 2], got nothing'],
    ["another rank", withX({ shape: [4] }), 'input "x": expected the shape [-1, 2], got [4]'],
    ["another width", withX({ shape: [1, 4] }), "got [1, 4]"],
    ["an open dimension", withX({ shape: [-1, 2] }), "got [-1, 2]: say how many there are"],
    ["a broken dimension", withX({ shape: [1.5, 2] }), "got [1.5, 2]"],
    ["an empty batch", withX({ shape: [0, 2], data: [] }), "give at least one row"],
    ["too few elements", withX({ data: [1, 2, 3] }), 'the shape [2, 2] has 4 elements, "data" has 3'],
    ["a huge shape", withX({ shape: [2 ** 50, 2] }), "has 2251799813685248 elements"],
    ["ragged data", withX({ data: [[1, 2], [3]] }), "expected a list of 2, got a list of 1"],
    ["no data", withX({ data: undefined }), '"data" must be a list of values'],
    [
      "null in the data",
      withX({ data: [1, null, 3, 4] }),
      'input "x": element 1: expected a finite 32-bit number, got null',
    ],
    ["an unknown output", { inputs: [x, word], outputs: [{ name: "labels" }] }, 'did you mean "label"?'],
    ["outputs that are no list", { inputs: [x, word], outputs: 3 }, '"outputs" must be a list'],
  ])("%s", (_, body, message) => {
    expect(refusal(body)).toContain(message);
  });
});

test("the reply holds what was asked for, flat", () => {
  const outputs = [
    { name: "label", datatype: "INT64" as const, shape: [1], data: new BigInt64Array([3n]) },
    { name: "p", datatype: "FP32" as const, shape: [1, 2], data: new Float32Array([0.5, 0.5]) },
  ];
  const model = { model: "fraud", version: 2 };
  const asked = decodeInferRequest({ id: "7", inputs: [x, word], outputs: [{ name: "p" }] }, signature);
  expect(encodeInferResponse(model, asked, outputs)).toEqual({
    json: {
      model_name: "fraud",
      model_version: "2",
      id: "7",
      outputs: [{ name: "p", datatype: "FP32", shape: [1, 2], data: [0.5, 0.5] }],
    },
    binary: [],
  });
  const all = encodeInferResponse(model, { id: null, outputs: null, binary: false }, outputs).json;
  expect(all.outputs.map(({ name }) => name)).toEqual(["label", "p"]);
  expect("id" in all).toBe(false);
});

test("what is encoded is decoded to the same, for every datatype, as JSON and as binary data", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...datatypes),
      fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 1 }),
      fc.boolean(),
      (datatype, bits, binary) => {
        const codec = codecOf(datatype);
        const data = codec.allocate(bits.length);
        bits.forEach((bit, at) =>
          codec.put(data, at, datatype === "BOOL" ? bit === 1 : datatype === "BYTES" ? `ä${bit}` : bit),
        );
        const spec = { name: "x", datatype, shape: [-1] };
        const tensor = { ...spec, shape: [bits.length], data };
        const reply = encodeInferResponse({ model: "m", version: 1 }, { id: null, outputs: null, binary }, [tensor]);
        const body: unknown = JSON.parse(JSON.stringify({ inputs: reply.json.outputs }));
        const tail = Uint8Array.from(reply.binary.flatMap((bytes) => [...bytes]));
        const decoded = decodeInferRequest(body, { inputs: [spec], outputs: [spec] }, tail);
        expect(decoded.tensors).toEqual([tensor]);
      },
    ),
  );
});

test("metadata lists the versions that answer, as strings", () => {
  expect(modelMetadata("fraud", [10, 9], signature)).toEqual({
    name: "fraud",
    versions: ["9", "10"],
    platform: "onnxruntime_onnx",
    ...signature,
  });
});

test("whatever is said of whatever bytes, a request is read or refused, and nothing is read twice", () => {
  const size = fc.option(fc.oneof(fc.integer({ min: -1, max: 40 }), fc.string()), { nil: undefined });
  const entry = fc.record({ x: size, word: size, order: fc.boolean(), tail: fc.uint8Array({ maxLength: 40 }) });
  fc.assert(
    fc.property(entry, (given) => {
      const binary = (tensor: object, size: unknown) =>
        size === undefined ? tensor : { ...tensor, data: undefined, parameters: { binary_data_size: size } };
      const inputs = [binary(x, given.x), binary(word, given.word)];
      try {
        const body = { inputs: given.order ? inputs : inputs.toReversed() };
        const { tensors } = decodeInferRequest(body, signature, given.tail);
        const sizes = [given.x, given.word].filter((size) => typeof size === "number");
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(given.tail.length);
        expect(tensors.map(({ data }) => data.length)).toEqual([4, 2]);
      } catch (error) {
        expect(error).toBeInstanceOf(RequestError);
      }
    }),
    { examples: [[{ x: 16, word: 8, order: true, tail: new Uint8Array(24) }]] },
  );
});
