import { afterAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { inspectModel } from "../../../../../cli/gitops/edges/onnx/inspect.ts";
import { temporaryFolder } from "../../../../support/folder.ts";
import {
  failingModel,
  linearModel,
  slowModel,
  textModel,
  twoInputModel,
  zipMapModel,
} from "../../../../support/models.ts";
import { encodeModel, operation, tensor, type ElementType, type Shape } from "../../../../support/onnx.ts";
import { problemOf } from "../../../../support/problems.ts";
import { bytes } from "../../../../support/protobuf.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

const inspect = (content: Uint8Array | string, name = "model.onnx") => inspectModel(folder.put(name, content), null);
const refusal = (content: Uint8Array | string) => problemOf(() => inspect(content));

/** A model that hands its input on. */
function identity(type: ElementType, shape: Shape): Uint8Array {
  return encodeModel({
    graph: {
      operations: [operation("Identity", ["in"], ["out"])],
      inputs: [tensor("in", type, shape)],
      outputs: [tensor("out", type, shape)],
    },
  });
}

describe("a model that can be served", () => {
  test("is described by its digest, header and signature", async () => {
    const content = linearModel({ features: 4, classes: 3, producer: "skl2onnx", producerVersion: "1.19.1" });
    const { content: read, ...facts } = await inspect(content, "fraud.onnx");
    expect(Buffer.concat(await Array.fromAsync(read.stream()))).toEqual(Buffer.from(content));
    expect(facts).toEqual({
      file: "fraud.onnx",
      sha256: createHash("sha256").update(content).digest("hex"),
      sizeBytes: content.length,
      files: [],
      opset: 17,
      irVersion: 8,
      // 4 x 3 weights and 3 biases.
      parameters: 15,
      producer: "skl2onnx 1.19.1",
      signature: {
        inputs: [{ name: "input", datatype: "FP32", shape: [-1, 4] }],
        outputs: [
          { name: "label", datatype: "INT64", shape: [-1] },
          { name: "probabilities", datatype: "FP32", shape: [-1, 3] },
        ],
      },
      warnings: [],
    });
  });

  test("may have several inputs, or inputs of text", async () => {
    const two = await inspect(twoInputModel({ features: 5 }));
    expect(two.signature.inputs.map((input) => [input.name, input.shape])).toEqual([
      ["a", [-1, 5]],
      ["b", [-1, 5]],
    ]);
    const text = await inspect(textModel());
    expect(text.signature.inputs.map((input) => input.datatype)).toEqual(["INT64", "BYTES"]);
    expect(text.signature.outputs.map((output) => output.datatype)).toEqual(["INT64", "BYTES"]);
  });

  const types: readonly (readonly [ElementType, string])[] = [
    ["bool", "BOOL"],
    ["uint8", "UINT8"],
    ["int32", "INT32"],
    ["int64", "INT64"],
    ["float16", "FP16"],
    ["float", "FP32"],
    ["double", "FP64"],
    ["string", "BYTES"],
  ];
  test.each(types)("of type %s answers its trial and is named %s", async (type, datatype) => {
    const { signature } = await inspect(identity(type, [null, 2, "length"]));
    expect(signature.inputs).toEqual([{ name: "in", datatype, shape: [-1, 2, -1] }] as never);
  });

  test("passes although it fails on other inputs than those of the trial", async () => {
    const { signature } = await inspect(failingModel({ limit: 10 }));
    expect(signature.inputs).toHaveLength(1);
  });

  test("passes when it is slow", async () => {
    const { signature } = await inspect(slowModel({ rounds: 20 }));
    expect(signature.outputs).toHaveLength(2);
  });

  test("may want a picture of some size where its dimensions are free", async () => {
    const picture = encodeModel({
      graph: {
        operations: [operation("MaxPool", ["in"], ["out"], { kernel_shape: [8, 8] })],
        inputs: [tensor("in", "float", ["n", 3, "height", "width"])],
        outputs: [tensor("out", "float", ["n", 3, "h", "w"])],
      },
    });
    const { signature } = await inspect(picture);
    expect(signature.inputs[0]?.shape).toEqual([-1, 3, -1, -1]);
  });

  test("whose file tells no shape of an output gets the rank of the answer", async () => {
    const reshape = encodeModel({
      graph: {
        operations: [operation("Reshape", ["in", "shape"], ["out"])],
        inputs: [tensor("in", "float", [1]), tensor("shape", "int64", ["rank"])],
        outputs: [tensor("out", "float", null)],
      },
    });
    const { signature } = await inspect(reshape);
    expect(signature.outputs).toEqual([{ name: "out", datatype: "FP32", shape: [-1] }]);
  });

  test("keeps its name fit for an artifact key", async () => {
    const model = await inspect(linearModel(), "Größe 2 (final).onnx");
    expect(model.file).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]*$/);
    expect(model.file).toEndWith(".onnx");
  });

  test("has its producer told in one line, or not at all", async () => {
    const odd = await inspect(linearModel({ producer: "a\nb\u0007c" }));
    expect(odd.producer).toBe("a b c");
    const none = await inspect(linearModel({ producer: "" }));
    expect(none.producer).toBeNull();
  });
});

describe("outputs that are no tensors", () => {
  test("are left out, with a warning that names zipmap: False", async () => {
    const model = await inspect(zipMapModel());
    expect(model.signature.outputs.map((output) => output.name)).toEqual(["label"]);
    expect(model.warnings).toHaveLength(1);
    expect(model.warnings[0]).toContain('"probabilities"');
    expect(model.warnings[0]).toContain("zipmap: False");
  });

  test("are refused where nothing else remains", async () => {
    const problem = await refusal(zipMapModel({ labelled: false }));
    expect(problem.code).toBe("model-outputs");
    expect(problem.hint).toContain("zipmap: False");
  });
});

describe("a model that cannot be served", () => {
  test("is refused at whatever byte it was cut off", async () => {
    const model = linearModel({ opsets: { "": 17 } });
    for (let length = 2; length < model.length; length += 1) {
      const problem = await refusal(model.subarray(0, length));
      expect([length, problem.code]).toEqual([length, "model-truncated"]);
    }
  });

  test("may be too new, and the hint says which opset to export", async () => {
    const opset = await refusal(linearModel({ opsets: { "": 99 } }));
    expect(opset.code).toBe("model-opset");
    expect(opset.message).toMatch(/opset 99 of ai\.onnx, newer than \d+/);
    expect(opset.hint).toMatch(/target_opset=\d+/);
    const ir = await refusal(linearModel({ irVersion: 99 }));
    expect(ir).toMatchObject({ code: "model-ir-version" });
  });

  test("may use operators that nobody has", async () => {
    const custom = (type: string, domain: string, opsets: Record<string, number>) =>
      encodeModel({
        opsets,
        graph: {
          operations: [operation(type, ["in"], ["out"], {}, domain)],
          inputs: [tensor("in", "float", [1])],
          outputs: [tensor("out", "float", [1])],
        },
      });
    const misspelt = await refusal(custom("Frobnicate", "", { "": 17 }));
    expect(misspelt.message).toBe("uses the operator Frobnicate, which opset 17 does not have");
    const undeclared = await refusal(custom("Frobnicate", "com.acme", { "": 17 }));
    expect(undeclared.message).toBe("uses operators of the unknown domain com.acme");
    const declared = await refusal(custom("Frobnicate", "com.acme", { "": 17, "com.acme": 1 }));
    expect(declared.message).toBe("uses the unknown operator com.acme:Frobnicate");
  });

  test("may contradict itself, and ONNX Runtime's reason is told in one line", async () => {
    const twice = encodeModel({
      graph: {
        operations: [operation("Identity", ["in"], ["out"]), operation("Identity", ["in"], ["out"])],
        inputs: [tensor("in", "float", [1])],
        outputs: [tensor("out", "float", [1])],
      },
    });
    const problem = await refusal(twice);
    expect(problem.code).toBe("model-invalid");
    expect(problem.message).toContain("Duplicate definition of name (out)");
  });

  test("may fail its trial inference, by its own operators", async () => {
    const problem = await refusal(failingModel({ limit: 0 }));
    expect(problem.code).toBe("model-trial");
    expect(problem.message).toMatch(/^a trial inference failed: Gather: indices element out of data bounds/);
    expect(problem.message).not.toMatch(/\n|onnxruntime_src|Non-zero status/);
  });

  test("may take sequences, or no input at all", async () => {
    const sequence = encodeModel({
      graph: {
        operations: [operation("SequenceLength", ["in"], ["out"])],
        inputs: [{ name: "in", type: "sequence<float>" }],
        outputs: [tensor("out", "int64", [])],
      },
    });
    expect(await refusal(sequence)).toMatchObject({ code: "model-input", path: "in" });
    const none = encodeModel({
      graph: {
        operations: [operation("Constant", [], ["out"], { value_float: 1.5 })],
        inputs: [],
        outputs: [tensor("out", "float", [])],
      },
    });
    expect(await refusal(none)).toMatchObject({ code: "model-input" });
  });
});

test("nothing is written to the terminal, whatever is wrong with a model", async () => {
  const files = [
    linearModel().subarray(0, 100),
    failingModel({ limit: 0 }),
    linearModel({ opsets: { "": 99 } }),
    bytes(7, new Uint8Array(9)),
  ];
  const paths = files.map((content, at) => folder.put(`noise-${at}.onnx`, content));
  const inspection = join(import.meta.dir, "../../../../../cli/gitops/edges/onnx/inspect.ts");
  const script = `
    const { inspectModel } = await import(${JSON.stringify(inspection)});
    for (const path of ${JSON.stringify(paths)}) await inspectModel(path, null).catch(() => {});
  `;
  const run = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "pipe" });
  const [out, error, code] = await Promise.all([run.stdout.text(), run.stderr.text(), run.exited]);
  expect({ out, error, code }).toEqual({ out: "", error: "", code: 0 });
});
