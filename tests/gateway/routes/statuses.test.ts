import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Signature } from "../../../schemas/model-version.ts";
import { startRig, type GatewayRig } from "../../support/gateway-rig.ts";
import { linearModel, slowModel } from "../../support/models.ts";
import { encodeModel, operation, tensor } from "../../support/onnx.ts";
import { refusalAt } from "../../support/refusal.ts";
import { servingTree } from "../../support/serving-tree.ts";

/** One number of all rows: nobody could say whose it is. */
const whole: Signature = {
  inputs: [{ name: "in", datatype: "FP32", shape: [-1, 3] }],
  outputs: [{ name: "out", datatype: "FP32", shape: [1, 3] }],
};
const wholeModel = encodeModel({
  graph: {
    operations: [operation("ReduceSum", ["in", "axes"], ["out"], { keepdims: 1 })],
    initializers: [{ name: "axes", type: "int64", dims: [1], values: [0] }],
    inputs: [tensor("in", "float", ["n", 3])],
    outputs: [tensor("out", "float", [1, 3])],
  },
});

let rig: GatewayRig;
beforeAll(async () => {
  const broken = { versions: { 1: new TextEncoder().encode("no model") } };
  const fraud = { versions: { 1: linearModel() } };
  const sums = { versions: { 1: { bytes: wholeModel, signature: whole } } };
  rig = await startRig(servingTree({ fraud, broken, sums }));
});
afterAll(() => rig[Symbol.asyncDispose]());

const rows = JSON.stringify({ model: "fraud", instances: [[1, 2, 3]] });
const tensors = JSON.stringify({ inputs: [{ name: "input", datatype: "FP32", shape: [1, 3], data: [1, 2, 3] }] });
const addresses = [
  ["/predict", rows],
  ["/v1/models/fraud:predict", rows],
  ["/v2/models/fraud/infer", tensors],
] as const;

describe.each(addresses)("%s", (path, body) => {
  test.each([
    "application/json",
    "application/json; charset=utf-8",
    "Application/JSON",
    "application/vnd.acme+json",
    // What curl says unless told otherwise.
    "application/x-www-form-urlencoded",
  ])("takes a body that says it is %s", async (type) => {
    const reply = await rig.send(path, { method: "POST", body, headers: { "content-type": type } });
    expect(reply).toMatchObject({ status: 200 });
  });

  test("takes a body that says nothing of what it is", async () => {
    const reply = await rig.send(path, { method: "POST", body: new TextEncoder().encode(body) });
    expect(reply).toMatchObject({ status: 200 });
  });

  test.each(["text/plain", "application/xml", "multipart/form-data; boundary=x"])(
    "answers 415 to a body that says it is %s",
    async (type) => {
      const reply = await rig.send(path, { method: "POST", body, headers: { "content-type": type } });
      expect(reply.status).toBe(415);
      expect(reply.json()).toEqual(refusalAt(path, "content-type", /must be application\/json, not "/));
    },
  );

  test("answers 415 to a compressed body", async () => {
    const headers = { "content-type": "application/json", "content-encoding": "gzip" };
    const reply = await rig.send(path, { method: "POST", body: Bun.gzipSync(body), headers });
    expect(reply.status).toBe(415);
    expect(reply.json()).toEqual(refusalAt(path, "content-encoding", /not with the Content-Encoding gzip/));
  });

  test("answers 503 with Retry-After where the model cannot be served now", async () => {
    const there = path.replace("fraud", "broken");
    const reply = await rig.send(there, { method: "POST", body: body.replace("fraud", "broken") });
    expect(reply.status).toBe(503);
    expect(reply.headers.get("retry-after")).toBe("1");
    expect(reply.json()).toEqual(refusalAt(path, "model-not-ready", /broken cannot be served now; GET \/status/));
  });
});

test.each(addresses)("%s answers 504 where the model does not answer in its time", async (path, body) => {
  const spec = { serving: { timeoutMs: 20 } };
  await using rig = await startRig(servingTree({ fraud: { versions: { 1: slowModel({ rounds: 1500 }) }, spec } }));
  const reply = await rig.send(path, { method: "POST", body });
  expect(reply.status).toBe(504);
  expect(reply.json()).toEqual(refusalAt(path, "deadline-exceeded", /version 1 of fraud did not answer within 20 ms/));
});

test.each(["/predict", "/v1/models/sums:predict"])(
  "%s answers 422 for a model whose outputs have no row for each row, and says what to use",
  async (path) => {
    const reply = await rig.post(path, { model: "sums", instances: [[1, 2, 3]] });
    expect(reply.status).toBe(422);
    expect(reply.json()).toEqual(
      refusalAt(path, "output-not-rows", /output "out" .* use POST \/v2\/models\/\.\.\.\/infer/),
    );
  },
);

test("a canary that cannot be asked for rows is no reason to refuse them: stable answers", async () => {
  const versions = { 1: linearModel(), 2: { bytes: wholeModel, signature: whole } };
  await using rig = await startRig(servingTree({ fraud: { versions, canary: 2, weight: 100 } }));
  const reply = await rig.post("/predict", { instances: [[1, 2, 3]] });
  expect([reply.status, reply.headers.get("x-mmsp-fallback-from")]).toEqual([200, "2"]);
  expect(await rig.metric("gateway_fallback_total")).toEqual({ '{model="fraud",version="2",reason="signature"}': 1 });
});

describe("every reply of a prediction names", () => {
  test.each(addresses)("at %s the version, phase, request, latency and revision", async (path, body) => {
    const { headers } = await rig.send(path, { method: "POST", body, headers: { "x-request-id": "order-7/1" } });
    expect(headers.get("x-mmsp-version")).toBe("1");
    expect(headers.get("x-mmsp-phase")).toBe("stable");
    expect(headers.get("x-mmsp-request-id")).toBe("order-7/1");
    expect(Number(headers.get("x-mmsp-latency-ms"))).toBeGreaterThan(0);
    expect(headers.get("x-mmsp-revision")).toBe(String((await rig.get("/status")).json()["revision"]));
  });

  test.each(["", "a b", "x".repeat(129), 'a"b', "ä"])("an id of its own instead of %j", async (given) => {
    const init = { method: "POST", body: rows, headers: { "x-request-id": given } };
    const { headers } = await rig.send("/predict", init);
    expect(headers.get("x-mmsp-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("its id also where it is refused, and where it fails, and there the log has it too", async () => {
    const headers = { "x-request-id": "order-8" };
    const refused = await rig.post("/predict", {}, headers);
    expect([refused.status, refused.headers.get("x-mmsp-request-id")]).toEqual([400, "order-8"]);
    await using other = await startRig(servingTree({ fraud: { versions: { 1: linearModel() } } }), {
      random: () => {
        throw new Error("a bug");
      },
    });
    const failed = await other.post("/predict", { instances: [[1, 2, 3]] }, headers);
    expect([failed.status, failed.headers.get("x-mmsp-request-id")]).toEqual([500, "order-8"]);
    expect(other.logged).toContainEqual(
      expect.objectContaining({
        message: "a request failed",
        details: expect.objectContaining({ requestId: "order-8" }),
      }),
    );
  });
});
