import { afterEach, expect, test } from "bun:test";
import { ProblemError } from "../../../../schemas/problem.ts";
import { InferenceError, Overloaded, type LoadedModel } from "../../../../gateway/core/ports.ts";
import type { Tensor } from "../../../../schemas/tensor.ts";
import { createOnnxRuntime, type OnnxRuntimeOptions } from "../../../../gateway/edges/onnx/runtime.ts";
import { failingModel, linearModel, slowModel, textModel, twoInputModel } from "../../../support/models.ts";
import { encodeModel, floats, operation, tensor } from "../../../support/onnx.ts";
import { linearSignature, modelVersion, textSignature } from "../../../support/versions.ts";

const one = { intraOpThreads: 1 };
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

function runtime(options: OnnxRuntimeOptions = {}) {
  const created = createOnnxRuntime(options);
  closers.push(() => created.close());
  return created;
}

function load(bytes: Uint8Array, options: Parameters<typeof modelVersion>[1] = {}): Promise<LoadedModel> {
  return runtime().load(modelVersion(bytes, options), bytes, one);
}

function row(...values: number[]): Tensor[] {
  return [{ name: "input", datatype: "FP32", shape: [1, values.length], data: new Float32Array(values) }];
}

function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => null,
    (error: unknown) => error,
  );
}

async function label(model: LoadedModel, inputs: Tensor[]): Promise<unknown> {
  return (await model.infer(inputs))[0]?.data[0];
}

test("a fast model runs on the event loop and answers", async () => {
  const model = await load(linearModel());
  expect(model.place).toBe("inline");
  expect(model.trialMs).toBeLessThan(1);
  const [labels, probabilities] = await model.infer(row(0, 2, 0));
  expect(labels).toEqual({ name: "label", datatype: "INT64", shape: [1], data: new BigInt64Array([1n]) });
  expect(probabilities?.shape).toEqual([1, 2]);
  expect(Number(probabilities?.data[1])).toBeCloseTo(Math.exp(2) / (1 + Math.exp(2)), 5);
});

test("a model with two inputs, and one with text, answer by name", async () => {
  const shape = [-1, 2];
  const sum = await load(twoInputModel(), {
    signature: {
      inputs: ["a", "b"].map((name) => ({ name, datatype: "FP32", shape })),
      outputs: [{ name: "sum", datatype: "FP32", shape }],
    },
  });
  const input = (name: string, ...values: number[]): Tensor => ({
    name,
    datatype: "FP32",
    shape: [1, 2],
    data: new Float32Array(values),
  });
  expect((await sum.infer([input("a", 1, 2), input("b", 10, 20)]))[0]?.data).toEqual(new Float32Array([11, 22]));

  const text = await load(textModel(), { signature: textSignature });
  const words = (id: bigint, word: string): Tensor[] => [
    { name: "ids", datatype: "INT64", shape: [1], data: new BigInt64Array([id]) },
    { name: "words", datatype: "BYTES", shape: [1], data: [word] },
  ];
  const answers = await Promise.all([text.infer(words(2n, "zwei")), text.infer(words(3n, "drei"))]);
  expect(answers.map(([doubled, echo]) => [doubled?.data[0], echo?.data[0]])).toEqual([
    [4n, "zwei"],
    [6n, "drei"],
  ]);
});

test("requests of different callers in one turn do not mix", async () => {
  const model = await load(linearModel({ features: 8, classes: 8 }), { signature: linearSignature(8, 8) });
  const wanted = Array.from({ length: 300 }, (_, at) => (at * 5) % 8);
  const got = await Promise.all(
    wanted.map((column) => label(model, row(...Array.from({ length: 8 }, (_, at) => (at === column ? 3 : 0))))),
  );
  expect(got.map(Number)).toEqual(wanted);
});

test("one bad row fails alone, and its neighbours in the batch are answered", async () => {
  const model = await load(failingModel({ limit: 10 }));
  const outcomes = await Promise.allSettled([row(1, 5, 0), row(99, 0, 0), row(5, 1, 0)].map((r) => label(model, r)));
  expect(outcomes.map((outcome) => (outcome.status === "fulfilled" ? outcome.value : outcome.reason.name))).toEqual([
    1n,
    "InferenceError",
    0n,
  ]);
});

test("a model that looks across its rows is not batched with strangers", async () => {
  const bytes = encodeModel({
    graph: {
      operations: [
        operation("ReduceMax", ["input"], ["most"], { axes: [0], keepdims: 1 }),
        operation("Div", ["input", "most"], ["output"]),
      ],
      initializers: [floats("unused", [1], [0])],
      inputs: [tensor("input", "float", ["batch", 2])],
      outputs: [tensor("output", "float", ["batch", 2])],
    },
  });
  const model = await load(bytes, {
    signature: {
      inputs: [{ name: "input", datatype: "FP32", shape: [-1, 2] }],
      outputs: [{ name: "output", datatype: "FP32", shape: [-1, 2] }],
    },
  });
  const outputs = await Promise.all([row(1, 2), row(100, 200)].map((inputs) => model.infer(inputs)));
  expect(outputs.map(([output]) => output?.data)).toEqual([new Float32Array([1, 1]), new Float32Array([1, 1])]);
});

test("a slow model stays in a worker and does not hold up a fast one", async () => {
  const [slow, fast] = await Promise.all([load(slowModel({ rounds: 1000 })), load(linearModel())]);
  expect([slow.place, fast.place]).toEqual(["worker", "inline"]);
  const order: string[] = [];
  const running = slow.infer(row(0, 5, 0)).then((outputs) => {
    order.push("slow");
    return outputs;
  });
  for (let call = 0; call < 5; call++) await fast.infer(row(1, 0, 0)).then(() => order.push("fast"));
  expect((await running)[0]?.data[0]).toBe(1n);
  expect(order).toEqual(["fast", "fast", "fast", "fast", "fast", "slow"]);
});

test("the caller's tensors survive a call in a worker, for the next version to take", async () => {
  const slow = await load(slowModel({ rounds: 200 }));
  const inputs = row(0, 5, 0);
  await slow.infer(inputs);
  expect(inputs[0]?.data).toEqual(new Float32Array([0, 5, 0]));
});

test("when a worker crashes, what runs fails and the model comes back for the others", async () => {
  let workers = 0;
  const spawn = (): Worker => {
    workers++;
    return new Worker(import.meta.resolve("../../../support/crashing-worker.ts"));
  };
  const bytes = slowModel({ rounds: 200 });
  const model = await runtime({ spawn }).load(modelVersion(bytes), bytes, one);
  const crashing = model.infer(row(13, 1, 0));
  const waiting = model.infer(row(0, 1, 0));
  expect(await errorOf(crashing)).toEqual(new InferenceError("its worker crashed: crashed on purpose"));
  expect((await waiting)[0]?.data[0]).toBe(1n);
  expect(workers).toBe(2);
});

test("a model that cannot be loaded again after a crash fails at once, and is tried again", async () => {
  let workers = 0;
  const spawn = (): Worker => {
    if (++workers === 2) throw new Error("no thread left");
    return new Worker(import.meta.resolve("../../../support/crashing-worker.ts"));
  };
  const bytes = slowModel({ rounds: 200 });
  const model = await runtime({ spawn, retryMs: 100 }).load(modelVersion(bytes), bytes, one);
  const crashing = errorOf(model.infer(row(13, 1, 0)));
  const waiting = errorOf(model.infer(row(0, 1, 0)));
  expect(await crashing).toBeInstanceOf(InferenceError);
  expect(String(await waiting)).toContain("no thread left");
  expect(await errorOf(model.infer(row(0, 1, 0)))).toBeInstanceOf(InferenceError);
  // Nothing tells when the model is back but its answers.
  let answer: unknown;
  while (answer !== 1n) answer = await label(model, row(0, 1, 0)).catch(() => Bun.sleep(10));
  expect(workers).toBe(3);
});

test("closing waits for what runs, wherever it runs", async () => {
  for (const bytes of [linearModel(), slowModel({ rounds: 200 })]) {
    const model = await load(bytes);
    const calls = [1, 2, 3].map(() => label(model, row(0, 1, 0)));
    await model.close();
    expect(await Promise.all(calls)).toEqual([1n, 1n, 1n]);
    expect(await errorOf(model.infer(row(0, 1, 0)))).toBeInstanceOf(Overloaded);
  }
});

async function problemOf(bytes: Uint8Array, document = modelVersion(bytes)): Promise<ProblemError["problems"][number]> {
  const error: unknown = await runtime()
    .load(document, bytes, one)
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ProblemError);
  return (error as ProblemError).problems[0]!;
}

test("bytes that are not the registered ones are refused before they are opened", async () => {
  const problem = await problemOf(linearModel({ bias: [1, 2] }), modelVersion(linearModel()));
  expect(problem.code).toBe("artifact-digest");
  expect(problem.file).toBe("environments/registry/fraud/1/model-version.yaml");
});

test("a git-lfs pointer is called what it is", async () => {
  const pointer = new TextEncoder().encode("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n");
  expect((await problemOf(pointer, modelVersion(linearModel()))).message).toContain("git-lfs pointer");
});

test.each([
  ["is not ONNX", new TextEncoder().encode("not a model"), linearSignature(), "cannot be loaded"],
  ["is truncated", linearModel().subarray(0, 100), linearSignature(), "cannot be loaded"],
  ["has another width", linearModel(), linearSignature(4), 'input "input" has the shape'],
  [
    "has no such output",
    linearModel(),
    { ...linearSignature(), outputs: [{ name: "score", datatype: "FP32" as const, shape: [-1] }] },
    'no output "score"',
  ],
  [
    "has another datatype",
    linearModel(),
    { ...linearSignature(), inputs: [{ name: "input", datatype: "FP64" as const, shape: [-1, 3] }] },
    "is float32 in the file, FP64 in the signature",
  ],
])("a file that %s is a problem that names the version", async (_, bytes, signature, message) => {
  const problem = await problemOf(bytes, modelVersion(bytes, { signature }));
  expect(problem.code).toBe("model-not-loadable");
  expect(problem.message).toContain("version 1 of fraud");
  expect(problem.message).toContain(message);
});

test("onnxruntime writes nothing to stderr, not even when a model fails", async () => {
  const script = `
    import { createOnnxRuntime } from ${JSON.stringify(import.meta.resolve("../../../../gateway/edges/onnx/runtime.ts"))};
    import { failingModel } from ${JSON.stringify(import.meta.resolve("../../../support/models.ts"))};
    import { modelVersion } from ${JSON.stringify(import.meta.resolve("../../../support/versions.ts"))};
    const runtime = createOnnxRuntime();
    const bytes = failingModel();
    const model = await runtime.load(modelVersion(bytes), bytes, { intraOpThreads: 1 });
    const input = { name: "input", datatype: "FP32", shape: [1, 3], data: new Float32Array([99, 0, 0]) };
    console.log(await model.infer([input]).catch((error) => error.name));
    await runtime.load(modelVersion(bytes.subarray(0, 50)), bytes.subarray(0, 50), { intraOpThreads: 1 }).catch(() => {});
    await runtime.close();
  `;
  const child = Bun.spawn([process.execPath, "-e", script], {
    env: { ...process.env, ORT_DISABLE_TELEMETRY: "1" },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  expect({ stdout, stderr, code: await child.exited }).toEqual({ stdout: "InferenceError\n", stderr: "", code: 0 });
});
