import { expect, test } from "bun:test";
import { OutputNotJson } from "../../../gateway/core/errors.ts";
import { InferenceError } from "../../../gateway/core/ports.ts";
import { requireRowOutputs, toPredictions } from "../../../gateway/core/reply.ts";
import type { Tensor } from "../../../schemas/tensor.ts";

const label: Tensor = { name: "label", datatype: "INT64", shape: [2], data: new BigInt64Array([1n, 0n]) };
const scores: Tensor = { name: "p", datatype: "FP32", shape: [2, 2], data: new Float32Array([0.25, 0.75, 1, 0]) };

test("a classifier answers labels and probabilities, in whichever order it gives them", () => {
  const expected = {
    predictions: [1, 0],
    probabilities: [
      [0.25, 0.75],
      [1, 0],
    ],
  };
  expect(toPredictions([label, scores], 2)).toEqual(expected);
  expect(toPredictions([scores, label], 2)).toEqual(expected);
  const words: Tensor = { name: "label", datatype: "BYTES", shape: [2, 1], data: ["ham", "spam"] };
  expect(toPredictions([words, scores], 2).predictions).toEqual(["ham", "spam"]);
});

test("a regression answers numbers, and a matrix its rows", () => {
  const column: Tensor = { name: "y", datatype: "FP64", shape: [2, 1], data: new Float64Array([1.5, -2]) };
  expect(toPredictions([column], 2)).toEqual({ predictions: [1.5, -2] });
  expect(toPredictions([scores], 2)).toEqual({
    predictions: [
      [0.25, 0.75],
      [1, 0],
    ],
  });
  const cube: Tensor = { name: "c", datatype: "BOOL", shape: [1, 2, 2], data: new Uint8Array([1, 0, 0, 1]) };
  expect(toPredictions([cube], 1)).toEqual({
    predictions: [
      [
        [true, false],
        [false, true],
      ],
    ],
  });
});

test("several other outputs answer an object of each row", () => {
  expect(toPredictions([label, { ...label, name: "group" }], 2)).toEqual({
    predictions: [
      { label: 1, group: 1 },
      { label: 0, group: 0 },
    ],
  });
});

test("64-bit numbers that JSON readers would round are strings", () => {
  const big: Tensor = {
    name: "id",
    datatype: "INT64",
    shape: [2],
    data: new BigInt64Array([2n ** 53n, -(2n ** 53n) + 1n]),
  };
  expect(toPredictions([big], 2).predictions).toEqual([String(2n ** 53n), -(2 ** 53) + 1]);
});

test("NaN and infinities cannot be said in JSON; a wrong number of rows is the model's fault", () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const bad: Tensor = { name: "y", datatype: "FP32", shape: [1], data: new Float32Array([value]) };
    expect(() => toPredictions([bad], 1)).toThrow(OutputNotJson);
  }
  const half: Tensor = { name: "y", datatype: "FP16", shape: [1], data: new Uint16Array([0x7e00]) };
  expect(() => toPredictions([half], 1)).toThrow(OutputNotJson);
  expect(() => toPredictions([label], 3)).toThrow('output "label" has the shape [2] for 3 rows');
  expect(() => toPredictions([], 1)).toThrow(InferenceError);
});

test("a model whose outputs are not one a row is left to the inference protocol", () => {
  const inputs = [{ name: "x", datatype: "FP32" as const, shape: [-1, 2] }];
  const sum = { name: "sum", datatype: "FP32" as const, shape: [1] };
  expect(() => requireRowOutputs({ inputs, outputs: [sum] })).toThrow('output "sum" of this model has no row');
  expect(() => requireRowOutputs({ inputs, outputs: [{ ...sum, shape: [-1] }] })).not.toThrow();
});
