import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startRig, type GatewayRig } from "../../support/gateway-rig.ts";
import { linearModel } from "../../support/models.ts";
import { aRejection } from "../../support/builders.ts";
import { servingTree } from "../../support/serving-tree.ts";
import { linearSignature } from "../../support/versions.ts";

let rig: GatewayRig;
beforeAll(async () => {
  const versions = {
    1: linearModel(),
    2: linearModel({ bias: [0, 9] }),
    3: linearModel({ bias: [9, 0] }),
    4: linearModel({ bias: [5, 0] }),
  };
  const spec = { previous: [2], rejected: [aRejection(4, { reason: "too slow" })] };
  const fraud = { versions, featureOrder: ["age", "amount", "hour"], canary: 3, weight: 0, spec };
  rig = await startRig(servingTree({ fraud }));
});
afterAll(() => rig[Symbol.asyncDispose]());

const input = { name: "input", datatype: "FP32", shape: [2, 3], data: [3, 1, 0, 1, 3, 0] };

describe("inference", () => {
  test("answers each output with its datatype, shape and elements, and says who answered", async () => {
    const reply = await rig.post("/v2/models/fraud/infer", { id: "r-1", inputs: [input] });
    expect(reply.status).toBe(200);
    expect(reply.json()).toMatchObject({
      model_name: "fraud",
      model_version: "1",
      id: "r-1",
      outputs: [
        { name: "label", datatype: "INT64", shape: [2], data: [0, 1] },
        { name: "probabilities", datatype: "FP32", shape: [2, 2] },
      ],
    });
    expect(reply.headers.get("x-mmsp-version")).toBe("1");
    expect(reply.headers.get("x-mmsp-phase")).toBe("stable");
    expect(reply.headers.get("x-mmsp-fallback-from")).toBeNull();
  });

  test("takes nested data like flat data", async () => {
    const nested = { ...input, data: [input.data.slice(0, 3), input.data.slice(3)] };
    const flat = await rig.post("/v2/models/fraud/infer", { inputs: [input] });
    expect((await rig.post("/v2/models/fraud/infer", { inputs: [nested] })).json()).toEqual(flat.json());
  });

  test("answers only the outputs that are asked for", async () => {
    const reply = await rig.post("/v2/models/fraud/infer", { inputs: [input], outputs: [{ name: "label" }] });
    expect(reply.json()["outputs"]).toEqual([{ name: "label", datatype: "INT64", shape: [2], data: [0, 1] }]);
  });

  test.each([
    [1, [0, 1]],
    [2, [1, 1]],
    [3, [0, 0]],
  ])("by version %i is answered by that version", async (version, labels) => {
    const reply = await rig.post(`/v2/models/fraud/versions/${version}/infer`, { inputs: [input] });
    expect(reply.json()).toMatchObject({ model_version: String(version), outputs: [{ data: labels }, {}] });
    expect(reply.headers.get("x-mmsp-phase")).toBe("explicit");
  });
});

describe("metadata", () => {
  const described = {
    name: "fraud",
    versions: ["1", "2", "3"],
    platform: "onnxruntime_onnx",
    ...linearSignature(),
    parameters: { feature_order: ["age", "amount", "hour"] },
  };

  test.each(["/v2/models/fraud", "/v2/models/fraud/versions/2"])(
    "%s tells the signature and what answers",
    async (path) => {
      const reply = await rig.get(path);
      expect(reply.status).toBe(200);
      expect(reply.json()).toEqual(described);
    },
  );

  test("of the server tells its name and version", async () => {
    for (const path of ["/v2", "/v2/"]) {
      expect((await rig.get(path)).json()).toEqual({
        name: "mmsp",
        version: "0.0.0-test",
        extensions: ["binary_tensor_data", "model_repository", "statistics"],
      });
    }
  });

  test.each([
    ["/v2/models/fraud/versions/4", /rejected by guard at .*: too slow/],
    ["/v2/models/fraud/versions/7", /version 7 of fraud is not served/],
    ["/v2/models/other", /no model "other"/],
  ])("%s is not found, and says why", async (path, says) => {
    const reply = await rig.get(path);
    expect(reply.status).toBe(404);
    expect(reply.json()).toEqual({ error: expect.stringMatching(says) });
  });
});

describe("readiness", () => {
  test.each([
    ["/v2/models/fraud/ready", 200, { name: "fraud", ready: true }],
    ["/v2/models/fraud/versions/2/ready", 200, { name: "fraud", ready: true }],
    ["/v2/models/fraud/versions/4/ready", 503, { name: "fraud", ready: false }],
    ["/v2/models/fraud/versions/9/ready", 503, { name: "fraud", ready: false }],
    ["/v2/health/ready", 200, { live: true, ready: true }],
    ["/v2/health/live", 200, { live: true }],
  ])("%s answers %i", async (path, status, body) => {
    const reply = await rig.get(path);
    expect(reply.json()).toEqual(body);
    expect(reply.status).toBe(status);
  });
});

describe("/predict", () => {
  test("answers rows by position and by name alike, with probabilities and the version", async () => {
    const byName = { features: { hour: 0, amount: 1, age: 3 } };
    for (const body of [byName, { features: [[3, 1, 0]] }, { model: "fraud", instances: [[3, 1, 0]] }]) {
      const reply = await rig.post("/predict", body);
      expect(reply.status).toBe(200);
      expect(reply.json()).toEqual({
        predictions: [0],
        probabilities: [[expect.closeTo(0.881, 3), expect.closeTo(0.119, 3)]],
        model_name: "fraud",
        model_version: "1",
        phase: "stable",
        request_id: reply.headers.get("x-mmsp-request-id"),
        revision: reply.headers.get("x-mmsp-revision"),
        latency_ms: expect.any(Number),
      });
    }
  });

  test("answers each row of a batch, in order", async () => {
    const reply = await rig.post("/predict", { instances: [[3, 1, 0], { age: 1, amount: 3, hour: 0 }, [9, 1, 0]] });
    expect(reply.json()["predictions"]).toEqual([0, 1, 0]);
  });
});
