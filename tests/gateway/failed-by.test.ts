import { afterAll, beforeAll, expect, test } from "bun:test";
import { startRig, type GatewayRig } from "../support/gateway-rig.ts";
import { grpcClient, rawOf } from "../support/grpc.ts";
import { failingModel } from "../support/models.ts";
import { servingTree } from "../support/serving-tree.ts";

const failing = failingModel({ limit: 10 });
const spec = { serving: { timeoutMs: 60_000 }, rollback: { automatic: false } };

let rig: GatewayRig;
beforeAll(async () => {
  const fraud = { versions: { 1: failing, 2: failing }, canary: 2, weight: 100, spec };
  rig = await startRig(servingTree({ fraud }));
});
afterAll(() => rig[Symbol.asyncDispose]());

const bad = [99, 0, 0];
const input = { name: "input", datatype: "FP32", shape: [1, 3] };
const ofVersion = (data: unknown): object => ({ inputs: [{ ...input, data }] });

test.each([
  ["a failure that stable shares", "/predict", { instances: [bad] }, 500, "1", "stable"],
  [
    "a failure of the version that was named",
    "/v2/models/fraud/versions/2/infer",
    ofVersion(bad),
    500,
    "2",
    "explicit",
  ],
  [
    "an input that the version does not take",
    "/v2/models/fraud/versions/2/infer",
    ofVersion(["a"]),
    400,
    "2",
    "explicit",
  ],
  ["a version that is not there", "/v2/models/fraud/versions/3/infer", ofVersion(bad), 404, null, null],
  ["what is no request", "/predict", [], 400, null, null],
])("%s is answered with the version and phase that it failed in", async (_, path, body, status, version, phase) => {
  const reply = await rig.post(path, body);
  const { headers } = reply;
  expect([reply.status, headers.get("x-mmsp-version"), headers.get("x-mmsp-phase")]).toEqual([status, version, phase]);
});

test("a failure is answered with its version and phase over gRPC, too", async () => {
  using client = grpcClient(await rig.listenGrpc());
  const call = { model_name: "fraud", inputs: [input], raw_input_contents: [rawOf(Float32Array.from(bad))] };
  const { status, metadata } = await client.call("ModelInfer", call);
  expect(status).toBe("INTERNAL");
  expect(metadata.getMap()).toMatchObject({ "x-mmsp-version": "1", "x-mmsp-phase": "stable" });
});
