import { afterEach, expect, test } from "bun:test";
import { CallerGone, DeadlineExceeded, type LoadedModel } from "../../../../gateway/core/ports.ts";
import { createOnnxRuntime } from "../../../../gateway/edges/onnx/runtime.ts";
import type { Tensor } from "../../../../schemas/tensor.ts";
import { startRig, type GatewayRig } from "../../../support/gateway-rig.ts";
import { failingModel, linearModel, slowModel } from "../../../support/models.ts";
import { encodeModel, operation, tensor } from "../../../support/onnx.ts";
import { servingTree } from "../../../support/serving-tree.ts";
import { modelVersion } from "../../../support/versions.ts";

const runtime = createOnnxRuntime();
const open: LoadedModel[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((model) => model.close()));
});

async function load(bytes: Uint8Array, options: Parameters<typeof modelVersion>[1] = {}): Promise<LoadedModel> {
  const model = await runtime.load(modelVersion(bytes, options), bytes, { intraOpThreads: 1 });
  open.push(model);
  return model;
}

function matrix(rows: number, columns: number, value: (row: number, column: number) => number): Tensor[] {
  const data = Float32Array.from({ length: rows * columns }, (_, at) => value(Math.floor(at / columns), at % columns));
  return [{ name: "input", datatype: "FP32", shape: [rows, columns], data }];
}

/** Row r is of class r % 2. */
const alternating = (rows: number): Tensor[] => matrix(rows, 3, (row, column) => (row % 2 === column ? 5 : 0));

test("a model that is fast on zeros and slow on other numbers stays in a worker", async () => {
  const model = await load(slowModel({ rounds: "first-feature", each: 1000 }));
  expect(model.place).toBe("worker");
});

test("a request of many rows does not hold up one that comes after it, and is answered in order", async () => {
  const model = await load(linearModel());
  expect(model.place).toBe("inline");
  const order: string[] = [];
  const large = model.infer(alternating(4096)).finally(() => order.push("large"));
  await model.infer(alternating(1)).finally(() => order.push("small"));
  const [labels, probabilities] = await large;
  expect(order).toEqual(["small", "large"]);
  expect([labels?.shape, probabilities?.shape]).toEqual([[4096], [4096, 2]]);
  expect(labels?.data).toEqual(BigInt64Array.from({ length: 4096 }, (_, row) => BigInt(row % 2)));
});

test("a request of many rows is given up where its time has passed", async () => {
  const model = await load(linearModel());
  const late: unknown = await model.infer(alternating(4096), 0.01).catch((error: unknown) => error);
  expect(late).toBeInstanceOf(DeadlineExceeded);
});

test("a request of many rows is given up where its caller has gone", async () => {
  const model = await load(linearModel());
  const leaving = new AbortController();
  const left = model.infer(alternating(4096), Infinity, () => leaving.signal).catch((error: unknown) => error);
  await model.infer(alternating(1));
  leaving.abort();
  expect(await left).toBeInstanceOf(CallerGone);
});

test("one bad row in a batch of strangers fails alone, however many they are", async () => {
  const model = await load(failingModel({ limit: 10 }));
  const outcomes = await Promise.allSettled(
    Array.from({ length: 50 }, (_, at) => model.infer(matrix(1, 3, () => (at === 33 ? 99 : 1)))),
  );
  expect(outcomes.flatMap(({ status }, at) => (status === "rejected" ? [at] : []))).toEqual([33]);
});

test("many rows that must stay together go to a worker", async () => {
  const bytes = encodeModel({
    graph: {
      operations: [
        operation("ReduceMax", ["input"], ["most"], { axes: [0], keepdims: 1 }),
        operation("Div", ["input", "most"], ["output"]),
      ],
      inputs: [tensor("input", "float", ["batch", 2])],
      outputs: [tensor("output", "float", ["batch", 2])],
    },
  });
  const shape = { datatype: "FP32" as const, shape: [-1, 2] };
  const model = await load(bytes, {
    signature: { inputs: [{ name: "input", ...shape }], outputs: [{ name: "output", ...shape }] },
  });
  expect(model.place).toBe("inline");
  const [output] = await model.infer(matrix(4096, 2, (row) => row + 1));
  expect(output?.data).toEqual(Float32Array.from({ length: 8192 }, (_, at) => (Math.floor(at / 2) + 1) / 4096));
  expect(model.place).toBe("worker");
});

test("a model moves to a worker after a slow call, and answers all the while", async () => {
  const model = await load(slowModel({ rounds: "first-feature" }));
  expect(model.place).toBe("inline");
  const quick = (): Tensor[] => matrix(1, 3, (_, column) => (column === 1 ? 5 : 0));
  await model.infer(matrix(1, 3, () => 2000));
  const meanwhile: unknown[] = [];
  while (model.place === "inline") meanwhile.push((await model.infer(quick()))[0]?.data[0]);
  expect(meanwhile.length).toBeGreaterThan(0);
  expect(new Set(meanwhile)).toEqual(new Set([1n]));
  expect((await model.infer(quick()))[0]?.data[0]).toBe(1n);
});

test("a fast model stays on the event loop although a slow one holds it up", async () => {
  const [slow, fast] = [await load(slowModel({ rounds: "first-feature" })), await load(linearModel())];
  expect([slow.place, fast.place]).toEqual(["inline", "inline"]);
  const calls = [slow, fast].map((model) => model.infer(matrix(1, 3, () => 2000)));
  await Promise.all(calls);
  while (slow.place === "inline") await fast.infer(alternating(1));
  expect(fast.place).toBe("inline");
});

test("a model that is closed while it moves is closed in both places", async () => {
  const model = await load(slowModel({ rounds: "first-feature" }));
  await model.infer(matrix(1, 3, () => 2000));
  await model.close();
  expect(String(await model.infer(alternating(1)).catch((error: unknown) => error))).toContain("unloaded");
});

/** Fast but for rows whose first feature is large. */
const moody = slowModel({ rounds: "first-feature" });
const slowRow = { model: "fraud", instances: [[10_000, 0, 0]] };
const spec = { serving: { timeoutMs: 100 }, rollback: { automatic: false } };

async function placeOf(rig: GatewayRig, version: number): Promise<unknown> {
  const [model] = (await rig.get("/status")).json()["models"] as { loaded: LoadedModel[] }[];
  return model?.loaded.find((loaded) => loaded.version === version)?.place;
}

test("an inline answer that comes after the deadline is a time-out, and the next one holds up nobody", async () => {
  await using rig = await startRig(servingTree({ fraud: { versions: { 1: moody }, spec } }));
  expect(await placeOf(rig, 1)).toBe("inline");
  const reply = await rig.post("/predict", slowRow);
  expect([reply.status, reply.json()["code"]]).toEqual([504, "deadline-exceeded"]);
  while ((await placeOf(rig, 1)) === "inline") await Bun.sleep(5);
  const order: string[] = [];
  const again = rig.post("/predict", slowRow).finally(() => order.push("slow"));
  await Bun.sleep(1);
  await rig.get("/health/live").finally(() => order.push("live"));
  expect([(await again).status, ...order]).toEqual([504, "live", "slow"]);
});

test("a canary that held up the event loop beyond the deadline is blamed, and stable answers", async () => {
  const fraud = { versions: { 1: linearModel(), 2: moody }, canary: 2, weight: 100, spec };
  await using rig = await startRig(servingTree({ fraud }));
  expect(await placeOf(rig, 2)).toBe("inline");
  const reply = await rig.post("/predict", slowRow);
  expect([reply.status, reply.headers.get("x-mmsp-version")]).toEqual([200, "1"]);
  expect(await rig.metric("gateway_fallback_total")).toEqual({ '{model="fraud",version="2",reason="timeout"}': 1 });
  expect(await rig.metric("gateway_request_errors_total")).toEqual({ '{model="fraud",version="2",phase="canary"}': 1 });
});
