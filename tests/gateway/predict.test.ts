import { describe, expect, test } from "bun:test";
import type { LoadedModel } from "../../gateway/core/ports.ts";
import { createOnnxRuntime } from "../../gateway/edges/onnx/runtime.ts";
import { startRig, type GatewayRig, type Reply } from "../support/gateway-rig.ts";
import { failingModel, linearModel, slowModel } from "../support/models.ts";
import { servingTree, type ServedModel } from "../support/serving-tree.ts";
import { linearSignature } from "../support/versions.ts";

const fallbackFrom = (reply: Reply) => reply.headers.get("x-mmsp-fallback-from");
const answeredBy = (reply: Reply) => reply.headers.get("x-mmsp-version");
const good = [[1, 2, 3]];
const bad = [[11, 2, 3]];
const fails = { 1: linearModel(), 2: failingModel() };

const predict = (rig: GatewayRig, instances: unknown) => rig.post("/predict", { model: "fraud", instances });
const rigOf = (fraud: ServedModel) => startRig(servingTree({ fraud }));

describe("a canary that fails by its own fault", () => {
  test("is answered for by stable, in the same request and by both protocols", async () => {
    await using rig = await rigOf({ versions: fails, canary: 2, weight: 100 });
    const input = { name: "input", datatype: "FP32", shape: [1, 3], data: bad[0] };
    for (const reply of [await predict(rig, bad), await rig.post("/v2/models/fraud/infer", { inputs: [input] })]) {
      expect(reply.status).toBe(200);
      expect([answeredBy(reply), fallbackFrom(reply), reply.headers.get("x-mmsp-phase")]).toEqual(["1", "2", "stable"]);
      expect(reply.json()["model_version"]).toBe("1");
    }
    expect(fallbackFrom(await predict(rig, good))).toBeNull();
    expect(rig.logged).toContainEqual(expect.objectContaining({ message: "a version failed a request" }));
  });

  test("is answered for by stable with binary tensors as well, and the reply says so", async () => {
    await using rig = await rigOf({ versions: fails, canary: 2, weight: 100 });
    const input = { name: "input", datatype: "FP32", shape: [1, 3], data: bad[0] };
    const parameters = { binary_data_output: true };
    const reply = await rig.post("/v2/models/fraud/infer", { inputs: [input], parameters });
    expect(reply.headers.get("content-type")).toBe("application/octet-stream");
    expect([answeredBy(reply), fallbackFrom(reply), reply.headers.get("x-mmsp-phase")]).toEqual(["1", "2", "stable"]);
  });

  test("named by the caller, is not answered for, and the caller is not told why", async () => {
    await using rig = await rigOf({ versions: fails, canary: 2, weight: 100 });
    const input = { name: "input", datatype: "FP32", shape: [1, 3], data: bad[0] };
    const reply = await rig.post("/v2/models/fraud/versions/2/infer", { inputs: [input] });
    expect(reply.status).toBe(500);
    expect(reply.json()).toEqual({ error: "version 2 of fraud failed on this input" });
  });

  test("is answered for while the retry budget lasts, and no longer", async () => {
    // A cut would end the failures early.
    const spec = { rollback: { automatic: false } };
    await using rig = await rigOf({ versions: fails, canary: 2, weight: 100, spec });
    const statuses: number[] = [];
    for (let sent = 0; sent < 100; sent++) statuses.push((await predict(rig, bad)).status);
    const answered = statuses.filter((status) => status === 200).length;
    // 50 saved up, and a fifth of the hundred.
    expect(answered).toBeWithin(60, 72);
    expect(statuses.slice(0, 50)).toEqual(Array(50).fill(200));
    expect(statuses.filter((status) => status === 500)).toHaveLength(100 - answered);
  });
});

describe("an input that stable fails, too", () => {
  test("is counted apart, and the canary is not blamed", async () => {
    const versions = { 1: failingModel({ bias: [1, 0] }), 2: failingModel() };
    await using rig = await rigOf({ versions, canary: 2, weight: 100, spec: { slo: { minRequests: 1 } } });
    for (let sent = 0; sent < 40; sent++) expect((await predict(rig, bad)).status).toBe(500);
    expect(await rig.metric("gateway_fallback_total")).toEqual({ '{model="fraud",version="2",reason="shared"}': 40 });
    expect(await rig.metric("gateway_request_errors_total")).toEqual({
      '{model="fraud",version="1",phase="stable"}': 40,
    });
    expect(rig.store.list()).toEqual([]);
    const [model] = (await rig.get("/status")).json()["models"] as { canary: unknown }[];
    expect(model?.canary).toMatchObject({ version: 2 });
  });
});

describe("requests that name their version", () => {
  test("never feed the guard, however often they fail", async () => {
    await using rig = await rigOf({ versions: fails, canary: 2, weight: 50, spec: { slo: { minRequests: 1 } } });
    const input = { name: "input", datatype: "FP32", shape: [1, 3], data: bad[0] };
    for (let sent = 0; sent < 60; sent++) await rig.post("/v2/models/fraud/versions/2/infer", { inputs: [input] });
    expect(rig.store.list()).toEqual([]);
    // The same failures of requests that the gateway sent there itself are enough.
    const patience = Date.now() + 5000;
    while (rig.store.list().length === 0 && Date.now() < patience) await predict(rig, bad);
    expect(rig.store.list()).toMatchObject([{ cut: { version: 2, by: "guard", attempt: 6 } }]);
  });
});

describe("a canary with another signature", () => {
  const wide = linearModel({ features: 4 });
  const versions = { 1: linearModel(), 2: { bytes: wide, signature: linearSignature(4) } };

  test("is answered for by stable where clients send what stable takes", async () => {
    await using rig = await rigOf({ versions, canary: 2, weight: 100 });
    const reply = await predict(rig, good);
    expect(reply.status).toBe(200);
    expect([answeredBy(reply), fallbackFrom(reply)]).toEqual(["1", "2"]);
    expect(await rig.metric("gateway_fallback_total")).toEqual({ '{model="fraud",version="2",reason="signature"}': 1 });
  });

  test("answers clients that send what it takes", async () => {
    await using rig = await rigOf({ versions, canary: 2, weight: 100 });
    expect(answeredBy(await predict(rig, [[1, 2, 3, 4]]))).toBe("2");
  });

  test("is not blamed for what neither takes; the caller is told stable's wishes", async () => {
    await using rig = await rigOf({ versions, canary: 2, weight: 100 });
    const reply = await predict(rig, [[1, 2]]);
    expect(reply.status).toBe(400);
    expect(reply.json()).toEqual({ error: "instances[0]: expected 3 values, got 2", code: "row-width" });
    expect(await rig.metric("gateway_request_errors_total")).toEqual({});
    expect(await rig.metric("gateway_fallback_total")).toEqual({});
  });
});

test("mistakes of callers use up no retries: a failing canary is answered for after them", async () => {
  await using rig = await rigOf({ versions: fails, canary: 2, weight: 100 });
  for (let sent = 0; sent < 200; sent++) expect((await predict(rig, [[1]])).status).toBe(400);
  for (let sent = 0; sent < 50; sent++) expect((await predict(rig, bad)).status).toBe(200);
});

describe("a slow canary in a worker", () => {
  const timeoutMs = 30;
  const slow: ServedModel = {
    versions: { 1: linearModel(), 2: slowModel({ rounds: 1500 }) },
    canary: 2,
    weight: 50,
    spec: { serving: { timeoutMs } },
  };
  const latencyOf = (reply: Reply) => Number(reply.json()["latency_ms"]);

  test("is answered for by stable in time, and holds up neither stable nor other time-outs", async () => {
    let turn = 0;
    const alternating = () => (turn++ % 2 === 0 ? 0 : 0.99);
    await using rig = await startRig(servingTree({ fraud: slow }), { random: alternating });
    const [model] = (await rig.get("/status")).json()["models"] as { loaded: LoadedModel[] }[];
    const canary = model!.loaded.find(({ version }) => version === 2)!;
    expect(canary.place).toBe("worker");

    const replies = await Promise.all(Array.from({ length: 20 }, () => predict(rig, good)));
    expect(replies.map(({ status }) => status)).toEqual(Array(20).fill(200));
    const late = replies.filter((reply) => fallbackFrom(reply) === "2");
    const stable = replies.filter((reply) => fallbackFrom(reply) === null);
    expect([late.length, stable.length]).toEqual([10, 10]);
    for (const reply of late) expect(latencyOf(reply)).toBeGreaterThanOrEqual(timeoutMs / 2 - 1);
    // One behind the other in the worker, the ten would have taken ten times as long as one.
    for (const reply of late) expect(latencyOf(reply)).toBeLessThan(2 * canary.trialMs);
    for (const reply of stable) expect(latencyOf(reply)).toBeLessThan(canary.trialMs);
    expect(await rig.metric("gateway_fallback_total")).toEqual({ '{model="fraud",version="2",reason="timeout"}': 10 });
    expect(await rig.metric("gateway_request_errors_total")).toEqual({
      '{model="fraud",version="2",phase="canary"}': 10,
    });
  });

  test("is answered for by stable when it has no room for more, and is not blamed for that", async () => {
    const spec = { serving: { timeoutMs: 60_000 }, rollback: { automatic: false } };
    const runtime = createOnnxRuntime({ queueLimit: 2 });
    await using rig = await startRig(servingTree({ fraud: { ...slow, weight: 100, spec } }), { runtime });
    const replies = await Promise.all(Array.from({ length: 8 }, () => predict(rig, good)));
    expect(replies.map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect(replies.filter((reply) => fallbackFrom(reply) === "2")).toHaveLength(5);
    expect(await rig.metric("gateway_fallback_total")).toEqual({ '{model="fraud",version="2",reason="overload"}': 5 });
    expect(await rig.metric("gateway_request_errors_total")).toEqual({});
  });

  test("named by the caller, is given the whole deadline and then answered with a time-out", async () => {
    await using rig = await startRig(servingTree({ fraud: slow }));
    const input = { name: "input", datatype: "FP32", shape: [1, 3], data: good[0] };
    const reply = await rig.post("/v2/models/fraud/versions/2/infer", { inputs: [input] });
    expect(reply.status).toBe(504);
    expect(reply.json()).toEqual({
      error: "version 2 of fraud did not answer within 30 ms",
    });
  });
});
