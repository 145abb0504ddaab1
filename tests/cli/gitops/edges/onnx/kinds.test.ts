import { afterAll, describe, expect, test } from "bun:test";
import { inspectModel } from "../../../../../cli/gitops/edges/onnx/inspect.ts";
import { createOnnxRuntime } from "../../../../../gateway/edges/onnx/runtime.ts";
import type { Datatype } from "../../../../../schemas/model-version.ts";
import { temporaryFolder } from "../../../../support/folder.ts";
import {
  encodeModel,
  floats,
  operation,
  tensor,
  type ElementType,
  type Graph,
  type Shape,
  type Value,
} from "../../../../support/onnx.ts";
import { problemOf, problemsOf } from "../../../../support/problems.ts";
import { modelVersion } from "../../../../support/versions.ts";

const folder = temporaryFolder();
const runtime = createOnnxRuntime();
afterAll(async () => {
  await runtime.close();
  folder[Symbol.dispose]();
});

const encoded = (graph: Graph): Uint8Array => encodeModel({ opsets: { "": 18, "ai.onnx.ml": 3 }, graph });
const inspect = (graph: Graph, featureOrder: readonly string[] | null = null) =>
  inspectModel(folder.put("model.onnx", encoded(graph)), featureOrder);

/** Registers a model and loads it as the gateway does: with what is registered, and from the very bytes. */
async function served(graph: Graph) {
  const { signature } = await inspect(graph);
  const bytes = encoded(graph);
  return runtime.load(modelVersion(bytes, { signature }), bytes, { intraOpThreads: 1 });
}

function identity(type: ElementType, shape: Shape | null): Graph {
  return {
    operations: [operation("Identity", ["in"], ["out"])],
    inputs: [tensor("in", type, shape)],
    outputs: [tensor("out", type, shape)],
  };
}

const types: readonly (readonly [ElementType, Datatype])[] = [
  ["bool", "BOOL"],
  ["uint8", "UINT8"],
  ["uint16", "UINT16"],
  ["uint32", "UINT32"],
  ["uint64", "UINT64"],
  ["int8", "INT8"],
  ["int16", "INT16"],
  ["int32", "INT32"],
  ["int64", "INT64"],
  ["float16", "FP16"],
  ["float", "FP32"],
  ["double", "FP64"],
  ["string", "BYTES"],
];
const shapes: readonly (readonly [string, Shape, readonly number[]])[] = [
  ["a named and a nameless free dimension", ["batch", 2, null], [-1, 2, -1]],
  ["no dimension", [], []],
  ["a dimension of none", ["batch", 0], [-1, 0]],
];

describe("what is registered is what is served:", () => {
  test.each(types)("a tensor of %s, of every kind of shape", async (type, datatype) => {
    for (const [, shape, expected] of shapes) {
      const model = await served(identity(type, shape));
      expect(model.signature.inputs).toEqual([{ name: "in", datatype, shape: [...expected] }]);
      expect(model.signature.outputs).toEqual([{ name: "out", datatype, shape: [...expected] }]);
      await model.close();
    }
  });

  test("inputs that share a dimension by its name", async () => {
    const product: Graph = {
      operations: [operation("MatMul", ["a", "b"], ["c"]), operation("MatMul", ["c", "eight"], ["out"])],
      initializers: [floats("eight", [64, 1], Array(64).fill(1))],
      inputs: [tensor("a", "float", ["n", "k"]), tensor("b", "float", ["k", "m"])],
      outputs: [tensor("out", "float", ["n", 1])],
    };
    const model = await served(product);
    const outputs = await model.infer([
      { name: "a", datatype: "FP32", shape: [1, 2], data: Float32Array.of(1, 2) },
      { name: "b", datatype: "FP32", shape: [2, 64], data: new Float32Array(128).fill(1) },
    ]);
    expect(outputs[0]?.data).toEqual(Float32Array.of(192));
    await model.close();
  });

  const window = (size: number) =>
    operation("MaxPool", ["in"], ["out"], { kernel_shape: [size, size], strides: [64, 64] });
  const picture = (...shape: Shape): Graph => ({
    operations: [window(200)],
    inputs: [tensor("in", "float", shape)],
    outputs: [tensor("out", "float", null)],
  });
  const colours = floats("colours", [4, 3, 3, 3], Array(108).fill(0.1));
  const pictures: readonly (readonly [string, Graph])[] = [
    ["of the size that most are trained on", picture("n", 3, "h", "w")],
    [
      "with its colours last",
      {
        operations: [
          operation("Transpose", ["in"], ["first"], { perm: [0, 3, 1, 2] }),
          operation("Conv", ["first", "colours"], ["out"]),
        ],
        initializers: [colours],
        inputs: [tensor("in", "float", ["n", "h", "w", "c"])],
        outputs: [tensor("out", "float", null)],
      },
    ],
    [
      "with its colours first, and nobody says so",
      {
        operations: [operation("Conv", ["in", "colours"], ["out"])],
        initializers: [colours],
        inputs: [tensor("in", "float", [null, null, null, null])],
        outputs: [tensor("out", "float", null)],
      },
    ],
  ];
  test.each(pictures)("a picture %s", async (_what, graph) => {
    const model = await served(graph);
    expect(model.signature.inputs[0]?.shape).toHaveLength(4);
    expect(model.signature.outputs[0]?.shape).toHaveLength(4);
    await model.close();
  });

  test("an input with a value of its own in the file is none that anybody has to give", async () => {
    const model = await served({
      operations: [operation("Add", ["in", "offset"], ["out"])],
      initializers: [floats("offset", [1], [5])],
      inputs: [tensor("in", "float", ["n", 1]), tensor("offset", "float", [1])],
      outputs: [tensor("out", "float", ["n", 1])],
    });
    expect(model.signature.inputs.map(({ name }) => name)).toEqual(["in"]);
    await model.close();
  });
});

test("an input of any number of dimensions is a row of the features, and refused where nobody names them", async () => {
  const graph = identity("float", null);
  expect((await inspect(graph, ["a", "b"])).signature.inputs[0]?.shape).toEqual([-1, 2]);
  const problem = await problemOf(() => inspect(graph));
  expect(problem).toMatchObject({ code: "model-input-shape", path: "in" });
  expect(problem.hint).toContain("--feature-order");
});

describe("what no request can carry", () => {
  const inputs: readonly (readonly [string, Value])[] = [
    ["a sequence of tensors", { name: "odd", type: "sequence<float>" }],
    ["a sequence of maps", { name: "odd", type: "sequence<map<int64,float>>" }],
    ["a map", { name: "odd", type: "map<int64,float>" }],
    ["an optional value", { name: "odd", type: "optional<float>" }],
    ["a tensor of bfloat16", tensor("odd", "bfloat16", [1])],
    ["a tensor of complex64", tensor("odd", "complex64", [1])],
    ["a tensor of float8e4m3fn", tensor("odd", "float8e4m3fn", [1])],
    ["a tensor of int4", tensor("odd", "int4", [1])],
  ];
  const withInputs = (...odd: readonly Value[]): Graph => ({
    operations: [operation("Identity", ["in"], ["out"])],
    inputs: [tensor("in", "float", [1]), ...odd],
    outputs: [tensor("out", "float", [1])],
  });
  test.each(inputs)("is refused as an input: %s", async (kind, value) => {
    const problem = await problemOf(() => inspect(withInputs(value)));
    expect(problem).toMatchObject({ code: "model-input", path: "odd" });
    expect(problem.message).toBe(`the input is ${kind}, which no request can carry`);
    expect(problem.hint).toMatch(/tensors of numbers|Cast/);
  });

  test("is told of all inputs at once", async () => {
    const odd = inputs.map(([, value], at) => ({ ...value, name: `odd${at}` }));
    expect(await problemsOf(() => inspect(withInputs(...odd)))).toHaveLength(inputs.length);
  });

  const outputs: readonly (readonly [string, string, Value["type"]])[] = [
    ["a sequence of tensors", "SequenceConstruct", "sequence<float>"],
    ["an optional value", "Optional", "optional<float>"],
  ];
  test.each(outputs)("is left out as an output: %s", async (kind, operator, type) => {
    const { signature, warnings } = await inspect({
      operations: [operation("Identity", ["in"], ["out"]), operation(operator, ["in"], ["odd"])],
      inputs: [tensor("in", "float", [1])],
      outputs: [{ name: "odd", type } as Value, tensor("out", "float", [1])],
    });
    expect(signature.outputs.map(({ name }) => name)).toEqual(["out"]);
    expect(warnings).toEqual([expect.stringContaining(`output "odd" is ${kind} and is left out`)]);
  });

  test("is refused as an output that keeps ONNX Runtime from opening the model, by its name", async () => {
    const problem = await problemOf(() =>
      inspect({
        operations: [operation("Cast", ["in"], ["odd"], { to: 16 }), operation("Identity", ["in"], ["out"])],
        inputs: [tensor("in", "float", [1])],
        outputs: [tensor("out", "float", [1]), tensor("odd", "bfloat16", [1])],
      }),
    );
    expect(problem).toMatchObject({ code: "model-datatype", path: "odd" });
    expect(problem.message).toBe("the output is a tensor of bfloat16, which cannot be served");
  });

  test("inside a model is told by its operator", async () => {
    const problem = await problemOf(() =>
      inspect({
        operations: [
          operation("Cast", ["in"], ["half"], { to: 16 }),
          operation("Erf", ["half"], ["bent"]),
          operation("Cast", ["bent"], ["out"], { to: 1 }),
        ],
        inputs: [tensor("in", "float", [1])],
        outputs: [tensor("out", "float", [1])],
      }),
    );
    expect(problem).toMatchObject({ code: "model-operator" });
    expect(problem.message).toContain("Erf");
  });
});

describe("a trial that fails is told in words", () => {
  test("of the model's own operator, without what ONNX Runtime's source looks like", async () => {
    const problem = await problemOf(() =>
      inspect({
        operations: [operation("Reshape", ["in", "shape"], ["out"])],
        initializers: [{ name: "shape", type: "int64", dims: [2], values: [-1, 7] }],
        inputs: [tensor("in", "float", ["n", 5])],
        outputs: [tensor("out", "float", ["m", 7])],
      }),
    );
    expect(problem.message).toBe(
      "a trial inference failed: Reshape: The input tensor cannot be reshaped to the requested shape. Input shape:{1,5}, requested shape:{-1,7}",
    );
    expect(problem.hint).toContain("--feature-order");
  });

  test("of a picture that is too large to be tried", async () => {
    const problem = await problemOf(() => inspect(identity("float", ["n", 3, 4096, 4096])));
    expect(problem.message).toBe('one row of input "in" has 50331648 elements, more than the 16777216 that are tried');
    expect(problem.hint).toContain("smaller");
  });
});
