import * as fc from "fast-check";
import { describe, expect, test } from "bun:test";
import {
  readModelInferRequest,
  writeModelInferResponse,
  writeStatistics,
} from "../../../../gateway/core/grpc/messages.ts";
import { WireError } from "../../../../gateway/core/grpc/wire-reader.ts";
import { decodeMessage, encodeMessage } from "../../../support/grpc.ts";
import { bytes, concat, int, message, string } from "../../../support/protobuf.ts";

const read = (request: object) => readModelInferRequest(encodeMessage("ModelInferRequest", request));

describe("messages of the protocol", () => {
  test("of any name, shape and elements are read as another implementation writes them", () => {
    const tensors = fc.record({
      name: fc.string({ unit: "binary" }),
      shape: fc.array(fc.maxSafeInteger(), { maxLength: 8 }),
      data: fc.uint8Array({ maxLength: 300 }),
    });
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.array(tensors, { maxLength: 4 }), (id, given) => {
        const inputs = given.map(({ name, shape }) => ({ name, datatype: "FP32", shape }));
        const raw_input_contents = given.map(({ data }) => data);
        const request = read({ model_name: "fraud", model_version: "3", id, inputs, raw_input_contents });
        expect(request).toMatchObject({ modelName: "fraud", modelVersion: "3", id });
        expect(request.inputs.map(({ name, shape }) => ({ name, shape }))).toEqual(
          given.map(({ name, shape }) => ({ name, shape })),
        );
        expect(request.raw.map((one) => [...one])).toEqual(given.map(({ data }) => [...data]));
      }),
    );
  });

  test("have numbers of every width, negative and large ones too", () => {
    const contents = {
      bool_contents: [true, false],
      int_contents: [-1, 2 ** 31 - 1, -(2 ** 31)],
      int64_contents: ["-1", "9223372036854775807", "-9223372036854775808"],
      uint_contents: [2 ** 32 - 1, 0, 300],
      uint64_contents: ["18446744073709551615", "1"],
      fp32_contents: [1.5, -0],
      fp64_contents: [Math.PI],
      bytes_contents: [Buffer.from("é"), Buffer.from([0xff])],
    };
    const [given] = read({ inputs: [{ name: "x", contents }] }).inputs;
    const elements = Object.fromEntries(given?.contents.map(({ field, data }) => [field, [...data]]) ?? []);
    expect(elements).toEqual({
      bool_contents: [1, 0],
      int_contents: [-1, 2 ** 31 - 1, -(2 ** 31)],
      int64_contents: [-1n, 2n ** 63n - 1n, -(2n ** 63n)],
      uint_contents: [2 ** 32 - 1, 0, 300],
      uint64_contents: [2n ** 64n - 1n, 1n],
      fp32_contents: [1.5, -0],
      fp64_contents: [Math.PI],
      bytes_contents: ["é", null],
    });
  });

  test("may have repeated numbers one by one, and fields that are not known", () => {
    const contents = concat([int(2, 7), int(2, -8), int(99, 1), string(98, "x")]);
    const input = concat([string(1, "x"), int(3, 2), int(3, -1), bytes(5, contents)]);
    const [given] = readModelInferRequest(concat([bytes(5, input)])).inputs;
    expect(given).toMatchObject({ name: "x", shape: [2, -1] });
    expect(given?.contents).toEqual([{ field: "int_contents", data: Int32Array.of(7, -8) }]);
  });

  test("have parameters of every kind", () => {
    const parameters = {
      a: { bool_param: true },
      b: { int64_param: -5 },
      c: { string_param: "x" },
      d: { double_param: 0.5 },
      e: { uint64_param: 9 },
    };
    expect(read({ parameters }).parameters).toEqual({ a: true, b: -5, c: "x", d: 0.5, e: 9 });
  });

  test("are written as another implementation reads them", () => {
    const outputs = [
      { name: "y", datatype: "FP32", shape: [2, 300, -1], raw: Uint8Array.of(1, 2) },
      { name: "z", datatype: "INT8", shape: [], raw: new Uint8Array(1000) },
    ];
    const written = writeModelInferResponse({ modelName: "m", modelVersion: "1", id: "é", outputs });
    expect(decodeMessage("ModelInferResponse", written)).toEqual({
      model_name: "m",
      model_version: "1",
      id: "é",
      outputs: [
        { name: "y", datatype: "FP32", shape: ["2", "300", "-1"] },
        { name: "z", datatype: "INT8" },
      ],
      raw_output_contents: ["AQI=", Buffer.alloc(1000).toString("base64")],
    });
  });

  test("carry whole numbers beyond 32 bits, as times in nanoseconds are", () => {
    const nothing = { count: 0, ns: 0 };
    const some = { count: 3, ns: 2 ** 45 };
    const inference_stats = {
      success: some,
      fail: nothing,
      queue: nothing,
      compute_input: nothing,
      compute_infer: some,
      compute_output: nothing,
      cache_hit: nothing,
      cache_miss: nothing,
    };
    const counts = { last_inference: 1_795_000_000_000, inference_count: 3, execution_count: 3 };
    const written = writeStatistics([{ name: "m", version: "2", ...counts, inference_stats }]);
    expect(decodeMessage("ModelStatisticsResponse", written)).toMatchObject({
      model_stats: [
        { last_inference: "1795000000000", inference_stats: { success: { count: "3", ns: String(2 ** 45) } } },
      ],
    });
  });
});

describe("refused as no message is", () => {
  test.each<[string, Uint8Array, RegExp]>([
    [
      "one that is cut off",
      encodeMessage("ModelInferRequest", { model_name: "fraud" }).subarray(0, -1),
      /ends in the middle/,
    ],
    ["a length beyond its end", Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f), /ends in the middle/],
    [
      "a length beyond what can be counted",
      Uint8Array.of(0x0a, ...Array<number>(9).fill(0xff), 0x01),
      /ends in the middle/,
    ],
    ["a number that goes on and on", new Uint8Array(20).fill(0xff), /more than ten bytes/],
    ["a field of no number", Uint8Array.of(0x02, 0x00), /no valid number/],
    ["a group", Uint8Array.of(0x0b, 0x0c), /another type/],
    ["a name that is a number", concat([int(1, 5)]), /field 1 has another type/],
    ["a name that is no text", concat([bytes(1, Uint8Array.of(0xc3, 0x28))]), /field 1 is no UTF-8/],
    ["half a float", concat([message(5, [message(5, [bytes(6, new Uint8Array(5))])])]), /in the middle of a number/],
    ["more inputs than any model has", concat(Array<Uint8Array>(4097).fill(message(5, []))), /more than 4096 inputs/],
  ])("%s", (_, given, says) => {
    const reading = () => readModelInferRequest(given);
    expect(reading).toThrow(WireError);
    expect(reading).toThrow(says);
  });
});
