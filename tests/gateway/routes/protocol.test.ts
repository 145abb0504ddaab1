import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { aRejection } from "../../support/builders.ts";
import { startRig, type GatewayRig } from "../../support/gateway-rig.ts";
import { protocolComplaints, type ProtocolReply } from "../../support/inference-protocol.ts";
import { linearModel } from "../../support/models.ts";
import { servingTree } from "../../support/serving-tree.ts";

let rig: GatewayRig;
beforeAll(async () => {
  const versions = { 1: linearModel(), 2: linearModel({ bias: [0, 9] }), 4: linearModel({ bias: [5, 0] }) };
  const spec = { previous: [2], rejected: [aRejection(4, { reason: "too slow" })] };
  const fraud = { versions, featureOrder: ["age", "amount", "hour"], spec };
  const broken = { versions: { 1: new TextEncoder().encode("no model") } };
  rig = await startRig(servingTree({ fraud, broken }));
});
afterAll(() => rig[Symbol.asyncDispose]());

const input = { name: "input", datatype: "FP32", shape: [1, 3], data: [3, 1, 0] };
const label = { name: "label", parameters: { binary_data: true } };

describe("every reply is as the protocol has it", () => {
  test.each<[method: "GET" | "POST", path: string, body: object | null, status: number, kind: ProtocolReply]>([
    ["GET", "/v2", null, 200, "serverMetadata"],
    ["GET", "/v2/health/live", null, 200, "serverLive"],
    ["GET", "/v2/health/ready", null, 200, "serverReady"],
    ["GET", "/v2/models/fraud", null, 200, "modelMetadata"],
    ["GET", "/v2/models/fraud/versions/2", null, 200, "modelMetadata"],
    ["GET", "/v2/models/fraud/ready", null, 200, "modelReady"],
    ["GET", "/v2/models/fraud/versions/2/ready", null, 200, "modelReady"],
    ["GET", "/v2/models/fraud/versions/4/ready", null, 503, "modelReady"],
    ["POST", "/v2/models/fraud/infer", { id: "7", inputs: [input], parameters: { priority: 1 } }, 200, "inference"],
    ["POST", "/v2/models/fraud/versions/2/infer", { inputs: [input] }, 200, "inference"],
    ["POST", "/v2/repository/index", {}, 200, "repositoryIndex"],
    ["GET", "/v2/models/stats", null, 200, "statistics"],
    ["GET", "/v2/models/fraud/stats", null, 200, "statistics"],
    ["GET", "/v2/models/fraud/versions/1/stats", null, 200, "statistics"],
    ["GET", "/v2/nothing", null, 404, "error"],
    ["GET", "/v2/models/other", null, 404, "error"],
    ["GET", "/v2/models/other/ready", null, 404, "error"],
    ["GET", "/v2/models/broken", null, 503, "error"],
    ["GET", "/v2/models/other/stats", null, 404, "error"],
    ["GET", "/v2/models/fraud/versions/4/stats", null, 404, "error"],
    ["GET", "/v2/repository/index", null, 405, "error"],
    ["POST", "/v2/repository/index", { ready: 1 }, 400, "error"],
    ["POST", "/v2/repository/models/fraud/load", {}, 403, "error"],
    ["POST", "/v2/models/fraud/infer", { inputs: [] }, 400, "error"],
    ["POST", "/v2/models/fraud/infer", { inputs: [input], outputs: [{ ...label, name: "x" }] }, 400, "error"],
    ["POST", "/v2/models/broken/infer", { inputs: [input] }, 503, "error"],
    ["GET", "/v1/models/other", null, 404, "error"],
    ["GET", "/v1/models/broken", null, 503, "error"],
    ["POST", "/v1/models/fraud:predict", {}, 400, "error"],
  ])("%s %s with %j answers %i", async (method, path, body, status, kind) => {
    const reply = await (method === "GET" ? rig.get(path) : rig.post(path, body));
    expect(reply.status).toBe(status);
    expect(protocolComplaints(kind, reply.json())).toEqual([]);
  });

  test("and the check sees what is not", () => {
    expect(protocolComplaints("modelReady", { name: "fraud", ready: "yes" })).toEqual(["/ready must be boolean"]);
    expect(protocolComplaints("error", { error: "no", code: "x" })).toEqual(["/ must NOT have additional properties"]);
  });
});

describe("the repository's index", () => {
  const ready = [
    { name: "fraud", version: "1", state: "READY", reason: "" },
    { name: "fraud", version: "2", state: "READY", reason: "" },
  ];
  const rejected = { name: "fraud", version: "4", state: "UNAVAILABLE", reason: expect.stringMatching(/too slow/) };

  test("tells each version that answers, and why the others do not, also to clients that send nothing", async () => {
    for (const init of [{}, { body: "" }, { body: "{}" }, { body: new Uint8Array() }]) {
      const reply = await rig.send("/v2/repository/index", { method: "POST", ...init });
      expect(reply.status).toBe(200);
      expect(reply.json() as unknown).toEqual(expect.arrayContaining([...ready, rejected]));
      expect(reply.text).toContain('"name":"broken"');
    }
  });

  test("tells only what is ready where that is asked for", async () => {
    expect((await rig.post("/v2/repository/index", { ready: true })).json() as unknown).toEqual(ready);
  });
});

test("statistics count what each version answered, and how long that took", async () => {
  await using rig = await startRig(servingTree({ fraud: { versions: { 1: linearModel() } } }));
  const path = "/v2/models/fraud/stats";
  const before = (await rig.get(path)).json();
  expect(before).toMatchObject({ model_stats: [{ last_inference: 0, inference_count: 0, execution_count: 0 }] });
  for (let request = 0; request < 3; request++) await rig.post("/v2/models/fraud/infer", { inputs: [input] });
  // What the caller did wrong says nothing about the version.
  await rig.post("/v2/models/fraud/infer", { inputs: [{ ...input, datatype: "INT8" }] });
  const [stats] = (await rig.get(path)).json()["model_stats"] as Record<string, unknown>[];
  expect(stats).toMatchObject({ name: "fraud", version: "1", inference_count: 3, execution_count: 3 });
  expect(stats?.["inference_stats"]).toMatchObject({
    success: { count: 3, ns: expect.any(Number) },
    fail: { count: 0, ns: 0 },
  });
  expect(Date.now() - Number(stats?.["last_inference"])).toBeLessThan(60_000);
});
