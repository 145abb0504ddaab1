import { describe, expect, test } from "bun:test";
import { startRig, type GatewayRig } from "../support/gateway-rig.ts";
import { linearModel, slowModel } from "../support/models.ts";
import { servingTree, type ServedModel } from "../support/serving-tree.ts";

const instances = [[1, 2, 3]];
const input = { name: "input", datatype: "FP32", shape: [1, 3], data: [1, 2, 3] };
/** Takes some ten milliseconds, so it runs in a worker. */
const slow = slowModel({ rounds: 800 });
const alone: ServedModel = { versions: { 1: slow } };
const canary = (spec: ServedModel["spec"] = {}): ServedModel => ({
  versions: { 1: linearModel(), 2: slow },
  canary: 2,
  weight: 100,
  spec: { rollback: { automatic: false }, ...spec },
});

const rigOf = (fraud: ServedModel) => startRig(servingTree({ fraud }));
const predict = (rig: GatewayRig, timeoutMs: number | string) =>
  rig.post("/predict", { instances }, { "x-mmsp-timeout-ms": String(timeoutMs) });
const infer = (rig: GatewayRig, timeout: unknown) =>
  rig.post("/v2/models/fraud/infer", { inputs: [input], parameters: { timeout } });
const tooLate = (ms: number) => `version 1 of fraud did not answer within ${ms} ms, as the request asks`;

describe("a request's own deadline", () => {
  test("ends it with 504, whether its header or its protocol said so", async () => {
    await using rig = await rigOf(alone);
    const byHeader = await predict(rig, 3);
    expect([byHeader.status, byHeader.json()]).toEqual([504, { error: tooLate(3), code: "deadline-exceeded" }]);
    const byProtocol = await infer(rig, 4000);
    expect([byProtocol.status, byProtocol.json()]).toEqual([504, { error: tooLate(4) }]);
    expect(await rig.metric("gateway_reply_total")).toEqual({ '{model="fraud",code="504"}': 2 });
  });

  test("can only be shorter than the route's", async () => {
    await using rig = await rigOf({ ...alone, spec: { serving: { timeoutMs: 3 } } });
    const reply = await predict(rig, 60_000);
    expect(reply.status).toBe(504);
    expect(reply.json()["error"]).toBe("version 1 of fraud did not answer within 3 ms");
  });

  test("that is none is refused before the model runs", async () => {
    await using rig = await rigOf(alone);
    const header = await predict(rig, "soon");
    expect([header.status, header.json()["code"]]).toEqual([400, "timeout-invalid"]);
    const parameter = await infer(rig, "soon");
    expect([parameter.status, parameter.json()["error"]]).toEqual([400, expect.stringContaining("parameters.timeout")]);
    expect(await rig.metric("gateway_request_total")).toEqual({});
  });

  test("is missed by a model on the event loop, too", async () => {
    await using rig = await rigOf({ versions: { 1: linearModel() } });
    const reply = await infer(rig, 1);
    expect([reply.status, reply.json()]).toEqual([504, { error: tooLate(0.001) }]);
  });
});

describe("a canary that takes longer than a caller waits", () => {
  test("may use half of that time; stable answers in the other half", async () => {
    const versions = { 1: linearModel(), 2: slowModel({ rounds: 4000 }) };
    await using rig = await rigOf({ ...canary(), versions });
    const reply = await predict(rig, 100);
    expect(reply.status).toBe(200);
    expect(reply.headers.get("x-mmsp-fallback-from")).toBe("2");
    expect(Number(reply.json()["latency_ms"])).toBeWithin(49, 100);
    expect(await rig.metric("gateway_fallback_total")).toEqual({ '{model="fraud",version="2",reason="timeout"}': 1 });
  });

  test("is not at fault: the route would have given it more", async () => {
    await using rig = await rigOf({ ...canary({ slo: { minRequests: 1 } }), weight: 50 });
    for (let sent = 0; sent < 60; sent++) await predict(rig, 6);
    const fallbacks = await rig.metric("gateway_fallback_total");
    expect(fallbacks['{model="fraud",version="2",reason="timeout"}']).toBeGreaterThan(10);
    expect(await rig.metric("gateway_request_errors_total")).toEqual({});
    expect(rig.store.list()).toEqual([]);
  });

  test("is slow, where its objective asks for less than it took, and is cut for that", async () => {
    const slo = { minRequests: 1, latencyP95Ms: 2 };
    await using rig = await rigOf({ ...canary({ slo, rollback: { automatic: true } }), weight: 50 });
    const patience = Date.now() + 10_000;
    while (rig.store.list().length === 0 && Date.now() < patience) await predict(rig, 6);
    expect(rig.store.list()).toMatchObject([
      { cut: { version: 2, by: "guard", reason: expect.stringContaining("slower") } },
    ]);
    expect(await rig.metric("gateway_request_errors_total")).toEqual({});
  });
});
