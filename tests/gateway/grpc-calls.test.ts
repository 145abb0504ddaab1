import { describe, expect, test } from "bun:test";
import { temporaryFolder } from "../support/folder.ts";
import { startGatewayProcess } from "../support/gateway-process.ts";
import { startRig } from "../support/gateway-rig.ts";
import { grpcClient, rawOf } from "../support/grpc.ts";
import { linearModel, slowModel } from "../support/models.ts";
import { servingTree } from "../support/serving-tree.ts";

/** A row for a linear model, whatever it is about. */
const row = {
  model_name: "fraud",
  inputs: [{ name: "input", datatype: "FP32", shape: [1, 3] }],
  raw_input_contents: [rawOf(Float32Array.of(0, 0, 0))],
};

describe("over a slow model", () => {
  const tree = servingTree({ fraud: { versions: { 1: slowModel({ rounds: 500 }) } } });

  test("a call's deadline ends it with DEADLINE_EXCEEDED, by gRPC's own header or the protocol's parameter", async () => {
    await using rig = await startRig(tree);
    using client = grpcClient(await rig.listenGrpc());
    const own = await client.call("ModelInfer", { ...row, parameters: { timeout: { int64_param: 1000 } } });
    expect(own).toMatchObject({
      status: "DEADLINE_EXCEEDED",
      details: expect.stringContaining("did not answer within 1 ms"),
    });
    // The client would end the call by itself at that time, so it is told by metadata alone.
    const told = await client.call("ModelInfer", row, { metadata: { "x-mmsp-timeout-ms": "2" } });
    expect(told).toMatchObject({ status: "DEADLINE_EXCEEDED" });
    expect(await client.call("ModelInfer", row, { withinMs: 1 })).toMatchObject({ status: "DEADLINE_EXCEEDED" });
  });

  test("a caller that goes away is counted as such, and held against nobody", async () => {
    await using rig = await startRig(tree);
    using client = grpcClient(await rig.listenGrpc());
    const leaving = new AbortController();
    const first = client.call("ModelInfer", row);
    // It has begun when a call that was sent after it is answered; the others wait for their turn.
    await client.call("ServerLive");
    const others = [1, 2, 3].map(() => client.call("ModelInfer", row, { signal: leaving.signal }));
    await client.call("ServerLive");
    leaving.abort();
    expect((await Promise.all(others)).map(({ status }) => status)).toEqual(Array(3).fill("CANCELLED"));
    expect((await first).status).toBe("OK");
    const patience = Date.now() + 10_000;
    const gone = async () => (await rig.metric("gateway_reply_total"))['{model="fraud",code="499"}'];
    while ((await gone()) !== 3 && Date.now() < patience) await Bun.sleep(5);
    expect(await gone()).toBe(3);
    expect(await rig.metric("gateway_request_errors_total")).toEqual({});
  });
});

test("the value of a sticky header comes as metadata", async () => {
  const fraud = {
    versions: { 1: linearModel(), 2: linearModel({ bias: [0, 9] }) },
    canary: 2,
    weight: 50,
    spec: { routing: { stickyBy: "header:x-user" } },
  };
  await using rig = await startRig(servingTree({ fraud }));
  using client = grpcClient(await rig.listenGrpc());
  const users = Array.from({ length: 20 }, (_, at) => `user-${at}`);
  const answered = async (user: string) =>
    (await client.call("ModelInfer", row, { metadata: { "x-user": user } })).reply["model_version"];
  const first = await Promise.all(users.map(answered));
  expect(new Set(first)).toEqual(new Set(["1", "2"]));
  for (let again = 0; again < 3; again++) expect(await Promise.all(users.map(answered))).toEqual(first);
});

test("stopping answers the calls that run, and takes no more", async () => {
  const rig = await startRig(servingTree({ fraud: { versions: { 1: slowModel({ rounds: 100 }) } } }));
  const port = await rig.listenGrpc();
  using client = grpcClient(port);
  await client.call("ServerLive");
  const running = [1, 2, 3, 4].map(() => client.call("ModelInfer", row));
  // All of them are there when this one, sent after them, is answered.
  await client.call("ServerLive");
  await rig[Symbol.asyncDispose]();
  expect((await Promise.all(running)).map(({ status }) => status)).toEqual(Array(4).fill("OK"));
  using late = grpcClient(port);
  expect((await late.call("ServerLive", {}, { withinMs: 2000 })).status).not.toBe("OK");
});

test("SIGTERM answers the calls that run over gRPC and over HTTP before the gateway ends", async () => {
  using tree = temporaryFolder(servingTree({ fraud: { versions: { 1: slowModel({ rounds: 100 }) } } }));
  const variables = { MMSP_ENV: "dev", MMSP_DIR: tree.path, MMSP_GRPC_PORT: "0" };
  await using gateway = await startGatewayProcess(variables);
  const { grpc } = await gateway.logged("listening");
  using client = grpcClient(Number(String(grpc).split(":")[1]));
  const headers = { "content-type": "application/json" };
  const predict = { method: "POST", headers, body: JSON.stringify({ instances: [[0, 0, 0]] }) };
  const overGrpc = [1, 2, 3].map(() => client.call("ModelInfer", row));
  const overHttp = [1, 2, 3].map(() => fetch(`${gateway.url}/predict`, predict));
  await client.call("ServerLive");
  await fetch(`${gateway.url}/health/live`);
  const ended = gateway.terminate();
  expect((await Promise.all(overGrpc)).map(({ status }) => status)).toEqual(["OK", "OK", "OK"]);
  expect((await Promise.all(overHttp)).map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(await ended).toBe(0);
});
