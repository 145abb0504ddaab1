import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startRig, type GatewayRig, type Send } from "../../support/gateway-rig.ts";
import { linearModel } from "../../support/models.ts";
import { servingTree } from "../../support/serving-tree.ts";

let rig: GatewayRig;
let overSocket: Send;
beforeAll(async () => {
  rig = await startRig(servingTree({ fraud: { versions: { 1: linearModel() } } }));
  overSocket = rig.listen();
});
afterAll(() => rig[Symbol.asyncDispose]());

const ways: readonly (readonly [string, Send])[] = [
  ["in process", (path, init) => rig.send(path, init)],
  ["over a socket", (path, init) => overSocket(path, init)],
];

const rows = JSON.stringify({ instances: [[1, 0, 0]] });
const tensors = JSON.stringify({ inputs: [{ name: "input", datatype: "FP32", shape: [1, 3], data: [1, 0, 0] }] });

describe.each(ways)("%s", (_, send) => {
  test("replies to requests of one moment have each their own id, in their headers and in their bodies", async () => {
    const ids = Array.from({ length: 50 }, (_, at) => `request-${at}`);
    const replies = await Promise.all(
      ids.map((id) => send("/predict", { method: "POST", body: rows, headers: { "x-request-id": id } })),
    );
    expect(replies.map(({ headers }) => headers.get("x-mmsp-request-id"))).toEqual(ids);
    expect(replies.map((reply) => reply.json()["request_id"])).toEqual(ids);
    expect(replies.map((reply) => Number(reply.headers.get("x-mmsp-latency-ms")))).toEqual(
      replies.map((reply) => Number(reply.json()["latency_ms"])),
    );
  });

  test.each([
    ["/v2/models/fr%61ud/infer", tensors, 200],
    ["/v2/models/fraud/infer/", tensors, 200],
    ["/v2/models/fraud/infer?x=1", tensors, 200],
    ["/v2/models/fraud/versions/%31/infer", tensors, 200],
    ["/v2/models/fraud/versions/01/infer", tensors, 404],
    ["/v2/models/a%2Fb/infer", tensors, 404],
    ["/v2/models/%E0%A4%A/infer", tensors, 404],
    ["/v2/models/%E0%A4%A/infer/", tensors, 404],
    ["/v1/models/fraud:predict", rows, 200],
    ["/v1/models/fraud%3Apredict", rows, 200],
    ["/v1/models/fraud", rows, 405],
    ["/predict?model=x", rows, 200],
    ["/predict/", rows, 200],
    ["/Predict", rows, 404],
  ])("POST %s with %s answers %i", async (path, body, status) => {
    const reply = await send(path, { method: "POST", body });
    expect(reply.status).toBe(status);
    expect(reply.headers.get("content-type")).toStartWith("application/json");
  });

  test.each(["/v2/models/%E0%A4%A", "/v2/models/%E0%A4%A/", "/v2/models/%E0%A4%A/ready/"])(
    "GET %s finds nothing",
    async (path) => {
      expect((await send(path)).status).toBe(404);
    },
  );
});
