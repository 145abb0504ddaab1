import { afterEach, describe, expect, test } from "bun:test";
import { CallerGone, DeadlineExceeded, Overloaded, type LoadedModel } from "../../../../gateway/core/ports.ts";
import { spawnWorker } from "../../../../gateway/edges/onnx/channel.ts";
import type { ToWorker } from "../../../../gateway/edges/onnx/messages.ts";
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

/** Fast but for rows whose first feature is large. */
const moody = slowModel({ rounds: "first-feature" });

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

/** A model on the event loop, and its next worker, which is not there until it is let go, or never. */
async function loadMoody({ fails = false, queueLimit = 64 } = {}) {
  const started = Promise.withResolvers<void>();
  const letGo = Promise.withResolvers<void>();
  let isHeld = false;
  const spawn = (): Worker => {
    if (!isHeld) return spawnWorker();
    started.resolve();
    if (fails) throw new Error("no more threads");
    const worker = spawnWorker();
    const post = worker.postMessage.bind(worker);
    const postMessage = (message: ToWorker, transfer: ArrayBuffer[]): void =>
      void letGo.promise.then(() => post(message, transfer));
    return Object.assign(worker, { postMessage });
  };
  const created = createOnnxRuntime({ spawn, queueLimit });
  const loaded = () => created.load(modelVersion(moody), moody, { intraOpThreads: 1 });
  let model = await loaded();
  // A busy machine may make its trial slow.
  for (; model.place !== "inline"; model = await loaded()) await model.close();
  open.push(model);
  isHeld = true;
  return { model, started: started.promise, letGo: letGo.resolve };
}

describe("after a slow call", () => {
  const slow = (): Tensor[] => matrix(1, 3, () => 2000);
  const quick = (): Tensor[] => matrix(1, 3, (_, column) => (column === 1 ? 5 : 0));
  const errorOf = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

  test("a model answers nobody on the event loop until it is in a worker, which answers all who waited", async () => {
    const { model, started, letGo } = await loadMoody();
    await model.infer(slow());
    await started;
    let answered = 0;
    const waiting = [slow(), quick(), quick()].map((inputs) => model.infer(inputs).finally(() => answered++));
    await Bun.sleep(50);
    expect(answered).toBe(0);
    letGo();
    expect((await Promise.all(waiting)).map(([labels]) => labels?.data[0])).toEqual([0n, 1n, 1n]);
    expect(model.place).toBe("worker");
  });

  test("as many wait as may, until their time is up or they go; that is not the model's fault", async () => {
    const { model, letGo } = await loadMoody({ queueLimit: 3 });
    await model.infer(slow());
    const leaving = new AbortController();
    const impatient = errorOf(model.infer(quick(), 10));
    const left = errorOf(model.infer(quick(), Infinity, () => leaving.signal));
    const patient = model.infer(quick());
    expect(await errorOf(model.infer(quick()))).toBeInstanceOf(Overloaded);
    leaving.abort();
    expect(await left).toBeInstanceOf(CallerGone);
    expect(await impatient).toBeInstanceOf(Overloaded);
    letGo();
    expect((await patient)[0]?.data[0]).toBe(1n);
  });

  test("a model that cannot be opened in a worker answers where it is", async () => {
    const { model, started } = await loadMoody({ fails: true });
    await model.infer(slow());
    await started;
    expect((await model.infer(quick()))[0]?.data[0]).toBe(1n);
    expect(model.place).toBe("inline");
  });
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
