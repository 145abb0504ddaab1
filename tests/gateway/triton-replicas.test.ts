import { expect, test } from "bun:test";
import type { GatewayRig } from "../support/gateway-rig.ts";
import { startFakeTriton, type FakeTriton } from "../support/triton-fake.ts";
import { jsonInput, rigOf, until } from "../support/triton-rig.ts";

const infer = (rig: GatewayRig) => rig.post("/v2/models/fraud/infer", jsonInput);
const upOf = (rig: GatewayRig) => rig.metric("gateway_model_server_up");
const serversOf = async (rig: GatewayRig) => (await rig.get("/status")).json()["servers"];
const toldOf = ({ logged }: GatewayRig) => logged.filter(({ message }) => message.startsWith("a model server"));
const label = ({ url }: FakeTriton) => `{address="${url}"}`;

test("a replica that is down while another serves is told by status, metrics and log, and so is its return", async () => {
  await using one = await startFakeTriton(["fraud/1"]);
  await using two = await startFakeTriton(["fraud/1"]);
  await using rig = await rigOf({ fakes: [one, two] });
  expect(await upOf(rig)).toEqual({ [label(one)]: 1, [label(two)]: 1 });
  two.live = false;
  await until(async () => (await upOf(rig))[label(two)] === 0);
  expect(await serversOf(rig)).toEqual([
    { address: one.url, up: true, reason: null },
    { address: two.url, up: false, reason: "it says that it is not live" },
  ]);
  expect((await upOf(rig))[label(one)]).toBe(1);
  expect((await infer(rig)).status).toBe(200);
  await rig.reload();
  two.live = true;
  await until(async () => (await upOf(rig))[label(two)] === 1);
  expect(toldOf(rig)).toEqual([
    {
      level: "warn",
      message: "a model server is down",
      details: { address: two.url, reason: "it says that it is not live" },
    },
    { level: "info", message: "a model server is up again", details: { address: two.url } },
  ]);
});

test("a replica that fails one request after the other is told as down until it answers again", async () => {
  await using one = await startFakeTriton(["fraud/1"]);
  await using two = await startFakeTriton(["fraud/1"]);
  await using rig = await rigOf({ fakes: [one, two] });
  two.trick = (_, { socket }) => (socket?.destroy(), true);
  while ((await upOf(rig))[label(two)] === 1) await infer(rig);
  expect(await serversOf(rig)).toContainEqual({ address: two.url, up: false, reason: "its last requests failed" });
  two.trick = null;
  await until(async () => (await infer(rig)).status === 200 && (await upOf(rig))[label(two)] === 1);
  expect(toldOf(rig).map(({ level, details }) => [level, details])).toEqual([
    ["warn", { address: two.url, reason: "its last requests failed" }],
    ["info", { address: two.url }],
  ]);
});

test("one that is down from the start is told, and nothing of its address that may be a secret", async () => {
  await using one = await startFakeTriton(["fraud/1"]);
  await using two = await startFakeTriton([]);
  await using gone = await startFakeTriton([]);
  await gone.stop();
  const addresses = [one, two, gone].map(({ url }) => `${url}/?key=s3cr3t`);
  await using rig = await rigOf({ fakes: [], addresses });
  await until(async () => (await upOf(rig))[label(gone)] === 0);
  expect(await upOf(rig)).toEqual({ [label(one)]: 1, [label(two)]: 1, [label(gone)]: 0 });
  one.loaded.clear();
  await until(async () => (await rig.get("/health/ready")).status === 503);
  const shown = [JSON.stringify(rig.logged), (await rig.get("/status")).text, (await rig.get("/metrics")).text];
  expect(shown.join()).toContain(gone.url);
  expect(shown.join()).not.toContain("s3cr3t");
});

test("without a model server none is told", async () => {
  await using rig = await rigOf({ fakes: [], addresses: [] });
  expect(await serversOf(rig)).toEqual([]);
  expect(await upOf(rig)).toEqual({});
});
