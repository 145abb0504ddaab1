import { describe, expect, test } from "bun:test";
import type { GatewayRig } from "../support/gateway-rig.ts";
import { grpcClient } from "../support/grpc.ts";
import { startFakeTriton, type FakeTriton } from "../support/triton-fake.ts";
import { canary, jsonInput, rigOf, rows, until } from "../support/triton-rig.ts";

describe("a gateway in front of Triton", () => {
  test("gives up when the time of a request is over", async () => {
    await using one = await startFakeTriton(["fraud/1"]);
    await using rig = await rigOf({ fakes: [one], served: { spec: { serving: { timeoutMs: 60 } } } });
    one.trick = () => true;
    expect((await rig.post("/v2/models/fraud/infer", jsonInput)).status).toBe(504);
    expect((await rig.post("/predict", { model: "fraud", instances: rows })).status).toBe(504);
  });

  const asking = (path: string, body: object): ((rig: GatewayRig, signal: AbortSignal) => Promise<unknown>) => {
    return (rig, signal) => rig.listen()(path, { method: "POST", body: JSON.stringify(body), signal });
  };
  test.each<[string, (rig: GatewayRig, signal: AbortSignal) => Promise<unknown>]>([
    ["hands on unread", asking("/v2/models/fraud/infer", jsonInput)],
    ["translates", asking("/predict", { model: "fraud", instances: rows })],
    [
      "got by gRPC",
      async (rig, signal) => {
        using client = grpcClient(await rig.listenGrpc());
        const inputs = [{ ...jsonInput.inputs[0], data: undefined, contents: { fp32_contents: rows.flat() } }];
        await client.call("ModelInfer", { model_name: "fraud", inputs }, { signal });
      },
    ],
  ])("gives up a request that it %s as soon as the caller leaves, and blames nobody", async (_, ask) => {
    await using one = await startFakeTriton(["fraud/1"]);
    await using rig = await rigOf({ fakes: [one] });
    const [begun, givenUp] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    one.trick = (_request, response) => {
      response.on("close", () => givenUp.resolve());
      begun.resolve();
      return true;
    };
    const leaving = new AbortController();
    const left = ask(rig, leaving.signal).catch(() => undefined);
    await begun.promise;
    leaving.abort();
    await givenUp.promise;
    await left;
    await until(async () => '{model="fraud",code="499"}' in (await rig.metric("gateway_reply_total")));
    expect(await rig.metric("gateway_request_errors_total")).toEqual({});
    expect(rig.logged.filter(({ level }) => level !== "info")).toEqual([]);
    one.trick = null;
    expect((await rig.post("/predict", { model: "fraud", instances: rows })).status).toBe(200);
  });

  // Triton itself only knows it of requests that wait in a queue of its scheduler.
  test("gives up when the time is over that the protocol's own parameter leaves", async () => {
    await using one = await startFakeTriton(["fraud/1"]);
    await using rig = await rigOf({ fakes: [one], served: { spec: { serving: { timeoutMs: 10_000 } } } });
    const hurried = await rig.post("/v2/models/fraud/infer", { ...jsonInput, parameters: { timeout: 0 } });
    expect(hurried.status).toBe(200);
    one.trick = () => true;
    const late = await rig.post("/v2/models/fraud/infer", { ...jsonInput, parameters: { timeout: 40_000 } });
    expect([late.status, late.json()["error"]]).toEqual([504, expect.stringContaining("within 40 ms")]);
    const wrong = await rig.post("/v2/models/fraud/infer", { ...jsonInput, parameters: { timeout: "soon" } });
    expect([wrong.status, wrong.json()["error"]]).toEqual([400, expect.stringContaining("parameters.timeout")]);
  });
});

describe("a canary on Triton that does not answer", () => {
  const hanging: FakeTriton["trick"] = ({ path }) => path.includes("/versions/2/");
  const served = (serving: { readonly timeoutMs: number }) => ({
    ...canary,
    weight: 50,
    spec: { serving, slo: { minRequests: 1 }, rollback: { automatic: true } },
  });

  test("within the time that its model has is at fault for each request, and is cut", async () => {
    await using one = await startFakeTriton(["fraud/1", "fraud/2"]);
    await using rig = await rigOf({ fakes: [one], served: served({ timeoutMs: 200 }) });
    one.trick = hanging;
    await until(async () => (await rig.post("/v2/models/fraud/infer", jsonInput), rig.store.list().length > 0));
    expect(rig.store.list()).toMatchObject([
      { cut: { version: 2, by: "guard", reason: expect.stringMatching(/error/) } },
    ]);
    const phase = '{model="fraud",version="2",phase="canary"}';
    const [asked, failed] = [
      await rig.metric("gateway_request_total"),
      await rig.metric("gateway_request_errors_total"),
    ];
    expect(failed).toEqual({ [phase]: asked[phase] ?? 0 });
  });

  test("within the time that callers give is not, as it would have had more", async () => {
    await using one = await startFakeTriton(["fraud/1", "fraud/2"]);
    await using rig = await rigOf({ fakes: [one], served: served({ timeoutMs: 10_000 }) });
    one.trick = hanging;
    const asked = Array.from({ length: 60 }, () =>
      rig.post("/v2/models/fraud/infer", jsonInput, { "x-mmsp-timeout-ms": "200" }),
    );
    await Promise.all(asked);
    const attempts = await rig.metric("gateway_request_total");
    expect(attempts['{model="fraud",version="2",phase="canary"}']).toBeGreaterThan(10);
    expect(await rig.metric("gateway_request_errors_total")).toEqual({});
    expect(rig.store.list()).toEqual([]);
  });
});
