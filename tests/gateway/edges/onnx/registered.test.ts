import { afterAll, describe, expect, test } from "bun:test";
import { inspectModel } from "../../../../cli/gitops/edges/onnx/inspect.ts";
import type { LoadedModel } from "../../../../gateway/core/ports.ts";
import { createOnnxRuntime } from "../../../../gateway/edges/onnx/runtime.ts";
import { temporaryFolder } from "../../../support/folder.ts";
import { linearModel } from "../../../support/models.ts";
import { encodeModel, floats, int64s, operation, tensor, type Graph } from "../../../support/onnx.ts";
import { modelVersion } from "../../../support/versions.ts";

const folder = temporaryFolder();
const runtime = createOnnxRuntime();
afterAll(async () => {
  await runtime.close();
  folder[Symbol.dispose]();
});

/** What `register` reads of a model, loaded as the gateway loads it. */
async function registered(graph: Graph, featureOrder: string[] | null = null): Promise<LoadedModel> {
  const bytes = encodeModel({ graph });
  const { signature } = await inspectModel(folder.put("model.onnx", bytes), featureOrder);
  const options = featureOrder === null ? { signature } : { signature, featureOrder };
  return runtime.load(modelVersion(bytes, options), bytes, { intraOpThreads: 1 });
}

const matrix = (width: number | string) => tensor("in", "float", ["n", width]);

const models: readonly (readonly [what: string, graph: Graph, featureOrder?: string[]])[] = [
  [
    "divides whole numbers by an input",
    {
      operations: [operation("Div", ["one", "in"], ["out"])],
      initializers: [int64s("one", [1], [1])],
      inputs: [tensor("in", "int64", ["n", 1])],
      outputs: [tensor("out", "int64", ["n", 1])],
    },
  ],
  [
    "looks up a place that is there for ones only",
    {
      operations: [operation("Sub", ["in", "two"], ["index"]), operation("Gather", ["table", "index"], ["out"])],
      initializers: [int64s("two", [1], [2]), floats("table", [1], [5])],
      inputs: [tensor("in", "int64", ["n"])],
      outputs: [tensor("out", "float", ["n"])],
    },
  ],
  [
    "wants a picture of some size",
    {
      operations: [operation("MaxPool", ["in"], ["out"], { kernel_shape: [8, 8] })],
      inputs: [tensor("in", "float", ["n", 3, "height", "width"])],
      outputs: [tensor("out", "float", ["n", 3, "h", "w"])],
    },
  ],
  [
    "takes half floats",
    {
      operations: [operation("Add", ["in", "in"], ["out"])],
      inputs: [tensor("in", "float16", ["n", 2])],
      outputs: [tensor("out", "float16", ["n", 2])],
    },
  ],
  [
    "tells the rank of its output wrong",
    {
      operations: [operation("Reshape", ["in", "shape"], ["out"])],
      inputs: [tensor("in", "float", [1]), tensor("shape", "int64", ["rank"])],
      outputs: [tensor("out", "float", ["n", "m", "k"])],
    },
  ],
  [
    "tells the length of its output wrong",
    {
      operations: [operation("Reshape", ["in", "shape"], ["out"])],
      inputs: [tensor("in", "float", [1]), tensor("shape", "int64", ["rank"])],
      outputs: [tensor("out", "float", [7])],
    },
  ],
  [
    "leaves its columns open, which the feature order counts",
    {
      operations: [operation("MatMul", ["in", "weights"], ["out"])],
      initializers: [floats("weights", [3, 2], [1, 2, 3, 4, 5, 6])],
      inputs: [matrix("columns")],
      outputs: [tensor("out", "float", ["n", 2])],
    },
    ["a", "b", "c"],
  ],
];

describe("a model that register takes is one that the gateway loads", () => {
  for (const [what, graph, featureOrder] of models) {
    test(`where it ${what}`, async () => {
      const model = await registered(graph, featureOrder);
      expect(model.trialMs).toBeGreaterThan(0);
    });
  }
});

test("half floats arrive, and come back", async () => {
  const model = await registered(models[3]![1]);
  // 1 and 2 as IEEE 754 binary16, and twice as much.
  const input = { name: "in", datatype: "FP16" as const, shape: [1, 2], data: new Uint16Array([0x3c00, 0x4000]) };
  expect((await model.infer([input]))[0]?.data).toEqual(new Uint16Array([0x4000, 0x4400]));
});

test("a model that needs its columns counted is refused by both without a feature order", async () => {
  const [, graph] = models.at(-1)!;
  expect(await registered(graph).catch((error: unknown) => String(error))).toContain("--feature-order");
});

test("a model whose columns are fixed takes any feature order of that length", async () => {
  const bytes = linearModel();
  const { signature } = await inspectModel(folder.put("model.onnx", bytes), ["a", "b", "c"]);
  expect(signature.inputs[0]?.shape).toEqual([-1, 3]);
});
