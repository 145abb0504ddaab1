import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Signature } from "../../schemas/model-version.ts";
import type { Tensor } from "../../schemas/tensor.ts";
import { binaryOutputs, binaryRequest } from "../support/binary-request.ts";
import { startRig, type GatewayRig } from "../support/gateway-rig.ts";
import { linearModel, twoInputModel } from "../support/models.ts";
import { servingTree } from "../support/serving-tree.ts";

const signature: Signature = {
  inputs: ["a", "b"].map((name) => ({ name, datatype: "FP32", shape: [-1, 2] })),
  outputs: [{ name: "sum", datatype: "FP32", shape: [-1, 2] }],
};
const sum = { bytes: twoInputModel(), signature };
/** Of 32 bits, as both of these are, their sum is not. */
const large = [1, 3e38];
const row = { a: large, b: large };
const inputs = ["a", "b"].map((name) => ({ name, datatype: "FP32", shape: [1, 2], data: large }));
const infer = "/v2/models/sum/infer";
const says = /^output "sum": element 1 is not a finite number, .* "binary_data_output": true$/;

const binary = (name: string, values: readonly number[]): Tensor => {
  return { name, datatype: "FP32", shape: [1, 2], data: new Float32Array(values) };
};
const errorsOf = (rig: GatewayRig) => rig.metric("gateway_request_errors_total");

describe("an output that JSON cannot carry is a 422 that says how to ask for it, and nobody's fault, of", () => {
  let rig: GatewayRig;
  beforeAll(async () => {
    rig = await startRig(servingTree({ sum: { versions: { 1: sum } } }));
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  test.each<[string, string, object]>([
    ["inference", infer, { inputs }],
    ["inference by a named version", "/v2/models/sum/versions/1/infer", { inputs }],
    ["inference of named outputs", infer, { inputs, outputs: [{ name: "sum" }] }],
    ["v1", "/v1/models/sum:predict", { instances: [row] }],
    ["/predict", "/predict", { model: "sum", instances: [row] }],
  ])("finite numbers that overflow in %s", async (_, path, body) => {
    const reply = await rig.post(path, body);
    expect([reply.status, reply.json()]).toMatchObject([422, { error: expect.stringMatching(says) }]);
    expect(await errorsOf(rig)).toEqual({});
    expect(rig.logged.filter(({ level }) => level !== "info")).toEqual([]);
  });

  test.each([NaN, Infinity, -Infinity])("%d given as binary data", async (value) => {
    const reply = await rig.send(infer, binaryRequest([binary("a", [1, value]), binary("b", [1, 1])]));
    expect([reply.status, reply.json()]).toEqual([422, { error: expect.stringMatching(says) }]);
    expect(await errorsOf(rig)).toEqual({});
  });

  test("what can be had as the words say", async () => {
    const body = JSON.stringify({ inputs, parameters: { binary_data_output: true } });
    const headers = { "content-type": "application/json" };
    const reply = await rig.app.handle(new Request(`http://localhost${infer}`, { method: "POST", body, headers }));
    const length = reply.headers.get("inference-header-content-length");
    expect(binaryOutputs(await reply.bytes(), length).get("sum")).toEqual(binary("sum", [2, Infinity]));
  });
});

describe("a canary with an output that JSON cannot carry", () => {
  const spec = { slo: { minRequests: 1 } };

  test("is not blamed where stable has such a one, too", async () => {
    await using rig = await startRig(
      servingTree({ sum: { versions: { 1: sum, 2: sum }, canary: 2, weight: 100, spec } }),
    );
    for (let sent = 0; sent < 80; sent++) expect((await rig.post("/predict", { instances: [row] })).status).toBe(422);
    expect(await errorsOf(rig)).toEqual({});
    expect(rig.store.list()).toEqual([]);
  });

  test("is answered for by stable, and cut, where stable answers with numbers", async () => {
    const broken = linearModel({ weights: Array(6).fill(3e38) });
    await using rig = await startRig(
      servingTree({ fraud: { versions: { 1: linearModel(), 2: broken }, canary: 2, weight: 100, spec } }),
    );
    const reply = await rig.post("/predict", { instances: [[10, 10, 1]] });
    expect([reply.status, reply.headers.get("x-mmsp-fallback-from")]).toEqual([200, "2"]);
    expect(await rig.metric("gateway_fallback_total")).toEqual({
      '{model="fraud",version="2",reason="malformed"}': 1,
    });
    expect(rig.logged).toContainEqual(expect.objectContaining({ message: "a version failed a request" }));
    const patience = Date.now() + 5000;
    while (rig.store.list().length === 0 && Date.now() < patience) {
      await rig.post("/predict", { instances: [[10, 10, 1]] });
    }
    expect(rig.store.list()).toMatchObject([{ cut: { version: 2, by: "guard" } }]);
  });
});
