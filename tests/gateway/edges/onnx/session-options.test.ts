import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import type { SessionOptions } from "../../../../gateway/core/ports.ts";
import { createOnnxRuntime } from "../../../../gateway/edges/onnx/runtime.ts";
import { openSession } from "../../../../gateway/edges/onnx/session.ts";
import { startRig } from "../../../support/gateway-rig.ts";
import { linearModel } from "../../../support/models.ts";
import { servingTree } from "../../../support/serving-tree.ts";
import { modelVersion } from "../../../support/versions.ts";

const bytes = linearModel();
const row = [{ name: "input", datatype: "FP32" as const, shape: [1, 3], data: Float32Array.of(0, 5, 0) }];

/** Threads that a session of these options starts. Linux tells. */
async function threadsOf(options: SessionOptions): Promise<number> {
  const threads = (): number => readdirSync("/proc/self/task").length;
  const { spec } = modelVersion(bytes);
  const before = threads();
  const session = await openSession(spec, bytes, options);
  const started = threads() - before;
  await session.release();
  return started;
}

test.skipIf(process.platform !== "linux")("a model has the threads that it is given, and none by itself", async () => {
  await threadsOf({ intraOpThreads: 1 }); // onnxruntime's own, once a process
  expect(await threadsOf({ intraOpThreads: 1 })).toBe(0);
  expect(await threadsOf({ intraOpThreads: 4 })).toBe(3);
  expect(await threadsOf({ intraOpThreads: 1, executionMode: "parallel", interOpThreads: 3 })).toBeGreaterThanOrEqual(
    2,
  );
});

test.each<Partial<SessionOptions>>([
  { graphOptimization: "disabled" },
  { graphOptimization: "basic" },
  { graphOptimization: "extended" },
  { graphOptimization: "layout" },
  { graphOptimization: "all" },
  { memoryArena: false },
  { memoryArena: true },
  { executionMode: "sequential" },
  { executionMode: "parallel", interOpThreads: 2 },
])("a model that is opened with %j answers the same", async (options) => {
  const runtime = createOnnxRuntime();
  const model = await runtime.load(modelVersion(bytes), bytes, { intraOpThreads: 1, ...options });
  const [label] = await model.infer(row);
  expect(label?.data).toEqual(BigInt64Array.of(1n));
  await runtime.close();
});

test("what onnxruntime does not know is refused, so options do reach it", async () => {
  const options = { intraOpThreads: 1, graphOptimization: "most" } as unknown as SessionOptions;
  const { spec } = modelVersion(bytes);
  const opened: unknown = await openSession(spec, bytes, options).catch((error: unknown) => error);
  expect(String(opened)).toMatch(/graphOptimizationLevel/);
});

test("the document says how its model is opened, and a change opens it anew", async () => {
  const spec = { serving: { intraOpThreads: 2, graphOptimization: "basic" as const, memoryArena: false } };
  const opened: SessionOptions[] = [];
  const runtime = createOnnxRuntime();
  await using rig = await startRig(servingTree({ fraud: { versions: { 1: bytes }, spec } }), {
    runtime: {
      load: (version, file, options) => (opened.push(options), runtime.load(version, file, options)),
      close: () => runtime.close(),
    },
  });
  const changed = servingTree({ fraud: { versions: { 1: bytes }, spec: { serving: { memoryArena: true } } } });
  for (const [path, content] of Object.entries(changed)) rig.put(path, content);
  await rig.reload();
  expect(opened).toEqual([
    { intraOpThreads: 2, graphOptimization: "basic", memoryArena: false },
    { intraOpThreads: 1, memoryArena: true },
  ]);
  expect((await rig.post("/predict", { instances: [[0, 5, 0]] })).json()).toMatchObject({ predictions: [1] });
});
