import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startRig, type GatewayRig } from "../../support/gateway-rig.ts";
import { linearModel, twoInputModel } from "../../support/models.ts";
import { servingTree } from "../../support/serving-tree.ts";
import type { Signature } from "../../../schemas/model-version.ts";

const sum: Signature = {
  inputs: [
    { name: "a", datatype: "FP32", shape: [-1, 2] },
    { name: "b", datatype: "FP32", shape: [-1, 2] },
  ],
  outputs: [{ name: "sum", datatype: "FP32", shape: [-1, 2] }],
};

let rig: GatewayRig;
beforeAll(async () => {
  const fraud = { versions: { 1: linearModel() }, featureOrder: ["age", "amount", "hour"] };
  const broken = { versions: { 1: new TextEncoder().encode("no model") } };
  rig = await startRig(
    servingTree({ fraud, broken, sum: { versions: { 1: { bytes: twoInputModel(), signature: sum } } } }),
  );
});
afterAll(() => rig[Symbol.asyncDispose]());

const predict = "/v1/models/fraud:predict";

test("the models are listed, and each tells whether it is ready", async () => {
  expect((await rig.get("/v1/models")).json()["models"]).toEqual(expect.arrayContaining(["fraud", "sum"]));
  const reply = await rig.get("/v1/models/fraud");
  expect(reply.status).toBe(200);
  expect(reply.json()).toEqual({ name: "fraud", version: "1", platform: "onnxruntime_onnx", ready: true });
  expect((await rig.get("/v1/models/broken")).status).toBe(503);
  expect((await rig.get("/v1/models/other")).json()).toEqual({ error: 'there is no model "other"' });
});

test("the server says at its root that it is alive, as KServe's does", async () => {
  expect((await rig.get("/")).json()).toEqual({ status: "alive" });
});

describe(":predict", () => {
  test("answers instances and inputs alike, classifiers with probabilities", async () => {
    for (const field of ["instances", "inputs"]) {
      for (const row of [[3, 1, 0], { age: 3, amount: 1, hour: 0 }]) {
        const reply = await rig.post(predict, { [field]: [row], signature_name: "serving_default" });
        expect(reply.status).toBe(200);
        expect(reply.json()).toEqual({
          predictions: [0],
          probabilities: [[expect.closeTo(0.881, 3), expect.closeTo(0.119, 3)]],
          model_name: "fraud",
          model_version: "1",
        });
        expect(reply.headers.get("x-mmsp-version")).toBe("1");
      }
    }
  });

  test("takes rows by input name of a model with several inputs", async () => {
    const reply = await rig.post("/v1/models/sum:predict", { instances: [{ a: [1, 2], b: [10, 20] }] });
    expect(reply.json()).toEqual({ predictions: [[11, 22]], model_name: "sum", model_version: "1" });
  });

  test.each<[string, unknown, number, RegExp]>([
    ["neither field", {}, 400, /exactly one of "instances" and "inputs"; got neither/],
    ["both fields", { instances: [[1]], inputs: [[1]] }, 400, /got both/],
    ["no object", [1], 400, /must be a JSON object, not a list of 1/],
    ["no rows", { instances: [] }, 400, /"instances" is empty/],
    ["columns", { inputs: { age: [1] } }, 400, /"inputs" must be a list of rows, not an object/],
    ["a short row", { inputs: [[1, 2]] }, 400, /inputs\[0\]: expected 3 values, got 2/],
  ])("of %s is refused with what was expected", async (_, body, status, says) => {
    const reply = await rig.post(predict, body);
    expect(reply.json()).toEqual({ error: expect.stringMatching(says) });
    expect(reply.status).toBe(status);
  });

  test("of an unknown model, by another verb, or without one, says what there is", async () => {
    const body = { instances: [[1, 2, 3]] };
    const unknown = await rig.post("/v1/models/other:predict", body);
    expect([unknown.status, unknown.json()["error"]]).toEqual([
      404,
      expect.stringMatching(/no model "other"; served are/),
    ]);
    const verb = await rig.post("/v1/models/fraud:explain", body);
    expect([verb.status, verb.json()]).toEqual([404, { error: 'models have no ":explain" here; use ":predict"' }]);
    const none = await rig.post("/v1/models/fraud", body);
    expect([none.status, none.headers.get("allow"), none.json()]).toEqual([405, "GET", { error: "use GET, not POST" }]);
  });
});
