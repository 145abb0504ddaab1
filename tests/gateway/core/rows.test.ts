import { describe, expect, test } from "bun:test";
import { RequestError } from "../../../gateway/core/errors.ts";
import { readPredictRequest, rowsToTensors } from "../../../gateway/core/rows.ts";
import type { Datatype, Signature } from "../../../schemas/model-version.ts";

const order = ["age", "income", "tenure"];
const outputs: Signature["outputs"] = [{ name: "y", datatype: "FP32", shape: [-1, 1] }];

function modelOf(inputs: readonly (readonly [string, Datatype, number[]])[], featureOrder: string[] | null = null) {
  return {
    signature: { inputs: inputs.map(([name, datatype, shape]) => ({ name, datatype, shape })), outputs },
    featureOrder,
  };
}

const table = modelOf([["x", "FP32", [-1, 3]]], order);

function tensors(model: ReturnType<typeof modelOf>, body: unknown, maxRows = 100) {
  return rowsToTensors(readPredictRequest(body), model, { maxRows });
}

function refusal(model: ReturnType<typeof modelOf>, body: unknown, maxRows = 100): string {
  try {
    tensors(model, body, maxRows);
  } catch (error) {
    expect(error).toBeInstanceOf(RequestError);
    expect((error as RequestError).status).toBe(400);
    return (error as RequestError).message;
  }
  throw new Error("was not refused");
}

const wanted = [{ name: "x", datatype: "FP32" as const, shape: [1, 3], data: new Float32Array([1, 2, 3]) }];

describe("rows are taken", () => {
  test("by feature name, in the model's order whatever the caller's", () => {
    expect(tensors(table, { features: { tenure: 3, age: 1, income: 2 } })).toEqual(wanted);
    expect(tensors(table, { instances: [{ tenure: 3, age: 1, income: 2 }] })).toEqual(wanted);
  });

  test("as lists", () => {
    expect(tensors(table, { features: [[1, 2, 3]] })).toEqual(wanted);
    const two = tensors(table, { instances: [[1, 2, 3], { age: 4, income: 5, tenure: 6 }] });
    expect(two).toEqual([{ ...wanted[0]!, shape: [2, 3], data: new Float32Array([1, 2, 3, 4, 5, 6]) }]);
  });

  test("as scalars, where a row is one value", () => {
    const flat = modelOf([["ids", "INT64", [-1]]]);
    const expected = { name: "ids", datatype: "INT64" as const, shape: [2], data: new BigInt64Array([1n, 2n ** 60n]) };
    expect(tensors(flat, { instances: [1, String(2n ** 60n)] })).toEqual([expected]);
    const column = modelOf([["ids", "INT32", [-1, 1]]]);
    expect(tensors(column, { instances: [7, [8]] })[0]).toMatchObject({ shape: [2, 1], data: new Int32Array([7, 8]) });
  });

  test("as objects by input name, where there are several inputs", () => {
    const model = modelOf([
      ["x", "FP32", [-1, 2]],
      ["word", "BYTES", [-1, 1]],
      ["on", "BOOL", [-1]],
    ]);
    const got = tensors(model, {
      instances: [
        { on: true, word: "a", x: [1, 2] },
        { on: false, word: "b", x: [3, 4] },
      ],
    });
    expect(got.map(({ shape }) => shape)).toEqual([[2, 2], [2, 1], [2]]);
    expect(got.map(({ data }) => data)).toEqual([new Float32Array([1, 2, 3, 4]), ["a", "b"], new Uint8Array([1, 0])]);
  });

  test("as nested lists, where a row has several dimensions, and open ones are as the first row says", () => {
    const image = modelOf([["image", "UINT8", [-1, 2, -1]]]);
    const got = tensors(image, {
      instances: [
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
      ],
    });
    expect(got[0]).toMatchObject({ shape: [1, 2, 3], data: new Uint8Array([1, 2, 3, 4, 5, 6]) });
  });

  test("in half precision, as its bits", () => {
    expect(tensors(modelOf([["x", "FP16", [-1, 2]]]), { features: [[1, -2]] })[0]?.data).toEqual(
      new Uint16Array([0x3c00, 0xc000]),
    );
  });
});

describe("what is wrong is said of", () => {
  test.each([
    ["a body that is no object", [], "the body must be a JSON object, not a list of 0"],
    ["a misspelt field", { feature: {} }, '"feature" is no field of a prediction, did you mean "features"?'],
    ["a model that is no string", { model: 3, features: {} }, '"model" must be a string, not the number 3'],
    ["no rows at all", {}, 'exactly one of "features" and "instances"; got neither'],
    ["two kinds of rows", { features: {}, instances: [] }, "got both"],
    ["rows that are no list", { instances: 3 }, '"instances" must be a list of rows, not the number 3'],
    ["an empty batch", { instances: [] }, '"instances" is empty'],
    [
      "a row without its list",
      { features: [1, 2, 3] },
      "features[0]: expected a list of 3 values or an object by feature name",
    ],
    [
      "a short row",
      {
        instances: [
          [1, 2, 3],
          [1, 2],
        ],
      },
      "instances[1]: expected 3 values, got 2",
    ],
    ["a missing feature", { features: { age: 1, income: 2 } }, 'features[0]: feature "tenure" missing'],
    [
      "a misspelt feature",
      { features: { age: 1, income: 2, tenur: 3 } },
      'features[0]: feature "tenure" missing; unknown "tenur", did you mean "tenure"?',
    ],
    ["one feature too many", { features: { age: 1, income: 2, tenure: 3, x: 1 } }, 'features[0]: unknown "x"'],
    ["a name that objects have by birth", { features: { age: 1, income: 2, constructor: 3 } }, '"tenure" missing'],
    [
      "null",
      { features: { age: null, income: 2, tenure: 3 } },
      "features[0].age: expected a finite 32-bit number, got null",
    ],
    ["a string", { instances: [[1, "2", 3]] }, 'instances[0][1]: expected a finite 32-bit number, got the string "2"'],
    ["a boolean", { instances: [[true, 2, 3]] }, "got true"],
    ["a number beyond JSON's", JSON.parse('{"instances": [[1e999, 2, 3]]}'), "got a number that is out of range"],
    ["a number beyond 32 bits", { instances: [[1e39, 2, 3]] }, "got the number 1e+39"],
    ["a list too deep", { instances: [[[1], 2, 3]] }, "got a list of 1"],
  ])("%s", (_, body, message) => {
    expect(refusal(table, body)).toContain(message);
  });

  test.each<[Datatype, unknown]>([
    ["INT8", 128],
    ["UINT8", -1],
    ["INT32", 1.5],
    ["INT64", 2 ** 60],
    ["INT64", "9223372036854775808"],
    ["INT64", "1e3"],
    ["UINT64", "-1"],
    ["BOOL", 1],
    ["BYTES", 3],
    ["FP16", 70_000],
    ["FP64", Number.POSITIVE_INFINITY],
  ])("%s: %p", (datatype, value) => {
    expect(refusal(modelOf([["x", datatype, [-1, 1]]]), { instances: [[value]] })).toStartWith(
      "instances[0][0]: expected ",
    );
  });

  test("a batch over the limit, or of another size than the model takes", () => {
    expect(
      refusal(
        table,
        {
          instances: [
            [1, 2, 3],
            [1, 2, 3],
          ],
        },
        1,
      ),
    ).toContain("has 2 rows; at most 1");
    expect(refusal(modelOf([["x", "FP32", [1, 1]]]), { instances: [[1], [2]] })).toContain("exactly 1, got 2 rows");
  });

  test("inputs by name", () => {
    const model = modelOf([
      ["left", "FP32", [-1, 1]],
      ["right", "FP32", [-1, 1]],
    ]);
    expect(refusal(model, { instances: [[1, 2]] })).toContain('an object with the inputs "left", "right"');
    expect(refusal(model, { instances: [{ left: 1, rigth: 2 }] })).toContain('unknown "rigth", did you mean "right"?');
    expect(refusal(model, { instances: [{ left: [1, 2], right: 2 }] })).toContain(
      "instances[0].left: expected 1 values",
    );
  });

  test("names for a model that has none", () => {
    expect(refusal(modelOf([["x", "FP32", [-1, 2]]]), { features: { a: 1, b: 2 } })).toContain('input "x" missing');
  });

  test("where a row is empty, and only the row tells its length", () => {
    const open = modelOf([["x", "FP32", [-1, -1]]]);
    expect(refusal(open, { features: [[]] })).toBe(
      "features[0]: expected at least one value (rows have the shape [-1], -1 stands for any length), got an empty list",
    );
    expect(refusal(open, { features: [[1], []] })).toBe("features[1]: expected 1 values, got 0");
    const image = modelOf([["image", "UINT8", [-1, 2, -1]]]);
    expect(refusal(image, { instances: [[[], []]] })).toStartWith("instances[0]: expected at least one value");
    expect(refusal(image, { instances: [[]] })).toStartWith("instances[0]: expected a list of 2");
    expect(refusal(modelOf([["x", "FP32", [-1, -1]]], order), { features: [[]] })).toContain(
      "expected 3 values, got 0",
    );
  });
});
