import { expect, test } from "bun:test";
import type { GatewayRig } from "../support/gateway-rig.ts";
import { startFakeTriton, type FakeTriton } from "../support/triton-fake.ts";
import { jsonInput, rigOf } from "../support/triton-rig.ts";

const infer = (rig: GatewayRig) => rig.post("/v2/models/fraud/infer", jsonInput);

/** Holds up all inferences; `taken` resolves when one has come. */
function hold(fake: FakeTriton) {
  const [taken, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  fake.trick = async () => {
    taken.resolve();
    await released.promise;
    return false;
  };
  return { taken: taken.promise, release: () => released.resolve() };
}

test("what a replica has no room for is turned away with 503 and Retry-After, and blames no version", async () => {
  await using one = await startFakeTriton(["fraud/1"]);
  await using rig = await rigOf({ fakes: [one], traffic: { maxConnections: 1, maxQueue: 1 } });
  const { taken, release } = hold(one);
  const [first, second] = [infer(rig), infer(rig)];
  await taken;
  const third = await infer(rig);
  expect([third.status, third.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(third.json()["error"]).toBe("version 1 of fraud is overloaded; try again later");
  release();
  expect((await Promise.all([first, second])).map(({ status }) => status)).toEqual([200, 200]);
  expect(one.inferred).toHaveLength(2);
  expect(await rig.metric("gateway_request_errors_total")).toEqual({});
});

test("a request that had to wait for room until its time was over is 503, and no version is at fault", async () => {
  await using one = await startFakeTriton(["fraud/1"]);
  const served = { spec: { serving: { timeoutMs: 60 } } };
  await using rig = await rigOf({ fakes: [one], served, traffic: { maxConnections: 1, maxQueue: 8 } });
  hold(one);
  const replies = await Promise.all([infer(rig), infer(rig)]);
  expect(replies.map(({ status, headers }) => [status, headers.get("retry-after")])).toEqual([
    [504, null],
    [503, "1"],
  ]);
  expect(await rig.metric("gateway_request_errors_total")).toEqual({
    '{model="fraud",version="1",phase="stable"}': 1,
  });
});
