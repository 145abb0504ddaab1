import { describe, expect, test } from "bun:test";
import { grpcClient } from "../support/grpc.ts";
import { sendJson, startFakeTriton } from "../support/triton-fake.ts";
import { canary, jsonInput, rigOf, rows } from "../support/triton-rig.ts";

const ways = [
  ["handed on unread", "/v2/models/fraud/infer", jsonInput],
  ["translated", "/predict", { model: "fraud", instances: rows }],
] as const;

/** What the server answers, what the caller gets, whether an operator is told. */
const statuses = [
  [302, 503, true],
  [400, 400, false],
  [401, 503, true],
  [403, 503, true],
  [408, 503, true],
  [413, 413, false],
  [415, 415, false],
  [422, 422, false],
  [429, 503, false],
  [431, 503, true],
  [499, 503, true],
] as const;

describe.each(ways)("of a request that is %s,", (_, path, body) => {
  test.each(statuses)(
    "the server's %d is the caller's %d, and no fault of the version",
    async (status, got, isLogged) => {
      await using one = await startFakeTriton(["fraud/1"]);
      await using rig = await rigOf({ fakes: [one] });
      one.trick = (_, response) => sendJson(response, status, { error: "not so" });
      const reply = await rig.post(path, body);
      expect([reply.status, reply.headers.get("retry-after")]).toEqual([got, got === 503 ? "1" : null]);
      if (got !== 503) expect(reply.json()["error"]).toBe("version 1 of fraud refused the input: not so");
      expect(await rig.metric("gateway_request_errors_total")).toEqual({});
      const logged = rig.logged.filter(({ message }) => message === "a version failed a request");
      expect(logged.map(({ details }) => String((details as { error: unknown }).error))).toEqual(
        isLogged ? [`Unavailable: the model server answered ${status}: not so`] : [],
      );
    },
  );

  test.each(statuses)("a canary's %d is not counted against it", async (status) => {
    await using one = await startFakeTriton(["fraud/1", "fraud/2"]);
    await using rig = await rigOf({ fakes: [one], served: canary });
    one.trick = (_, response) => sendJson(response, status, { error: "not so" });
    await rig.post(path, body);
    expect(await rig.metric("gateway_request_errors_total")).toEqual({});
  });
});

test.each([
  [413, "RESOURCE_EXHAUSTED"],
  [429, "UNAVAILABLE"],
  [401, "UNAVAILABLE"],
])("the server's %d is %s over gRPC", async (status, code) => {
  await using one = await startFakeTriton(["fraud/1"]);
  await using rig = await rigOf({ fakes: [one] });
  using client = grpcClient(await rig.listenGrpc());
  one.trick = (_, response) => sendJson(response, status, { error: "not so" });
  const inputs = [{ ...jsonInput.inputs[0], data: undefined, contents: { fp32_contents: rows.flat() } }];
  expect(await client.call("ModelInfer", { model_name: "fraud", inputs })).toMatchObject({ status: code });
});

test.each([401, 429])("another replica is asked after a %d: this one has not run the request", async (status) => {
  await using one = await startFakeTriton(["fraud/1"]);
  await using two = await startFakeTriton(["fraud/1"]);
  await using rig = await rigOf({ fakes: [one, two] });
  two.trick = (_, response) => sendJson(response, status, { error: "not so" });
  for (let sent = 0; sent < 6; sent++) expect((await rig.post(ways[0][1], jsonInput)).status).toBe(200);
});
