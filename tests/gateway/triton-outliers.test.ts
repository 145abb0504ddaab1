import { describe, expect, test } from "bun:test";
import type { GatewayRig } from "../support/gateway-rig.ts";
import { sendJson, startFakeTriton, type FakeTriton } from "../support/triton-fake.ts";
import { canary, jsonInput, rigOf, until } from "../support/triton-rig.ts";

const infer = (rig: GatewayRig, headers = {}, version = 1) =>
  rig.post(`/v2/models/fraud/versions/${version}/infer`, jsonInput, headers);
const statusesOf = async (times: number, ask: () => Promise<{ readonly status: number }>) => {
  const statuses: number[] = [];
  for (let asked = 0; asked < times; asked++) statuses.push((await ask()).status);
  return statuses;
};
const downs = async (rig: GatewayRig): Promise<unknown[]> => {
  const servers = (await rig.get("/status")).json()["servers"] as { up: boolean; address: string }[];
  return servers.filter(({ up }) => !up).map(({ address }) => address);
};
/** Short enough that a hung replica is waited for seldom, and longer than a busy machine takes to answer. */
const served = { spec: { serving: { timeoutMs: 250 } } };

async function asked(rig: GatewayRig, fakes: readonly FakeTriton[]): Promise<void> {
  while (fakes.some(({ inferred }) => inferred.length === 0)) await infer(rig);
}

describe("a replica that is the only one to fail", () => {
  test.each<[string, NonNullable<FakeTriton["trick"]>]>([
    ["never answers", () => true],
    ["answers everything with 500", (_, response) => sendJson(response, 500, { error: "CUDA error" })],
    ["is a proxy that answers 502", (_, response) => sendJson(response, 502, {})],
    ["answers with a page", (_, response) => (response.writeHead(200, { "content-type": "text/html" }).end("<"), true)],
  ])("and %s soon gets no more requests, and is told as down until it answers", async (_, trick) => {
    await using good = await startFakeTriton(["fraud/1"]);
    await using bad = await startFakeTriton(["fraud/1"]);
    await using rig = await rigOf({ fakes: [good, bad], served });
    await asked(rig, [good, bad]);
    bad.trick = trick;
    const statuses = await statusesOf(40, () => infer(rig));
    expect(statuses.filter((status) => status !== 200).length).toBeLessThan(10);
    expect(await downs(rig)).toEqual([bad.url]);
    bad.trick = null;
    await until(async () => (await infer(rig)).status === 200 && (await downs(rig)).length === 0);
  });

  test("is one of three: the other that fails is taken out as well", async () => {
    await using good = await startFakeTriton(["fraud/1"]);
    await using bad = await startFakeTriton(["fraud/1"]);
    await using worse = await startFakeTriton(["fraud/1"]);
    await using rig = await rigOf({ fakes: [good, bad, worse] });
    await asked(rig, [good, bad, worse]);
    for (const each of [bad, worse]) each.trick = (_, response) => sendJson(response, 500, { error: "no" });
    await statusesOf(30, () => infer(rig));
    expect(await downs(rig)).toEqual([bad.url, worse.url]);
  });
});

describe("no replica is taken out", () => {
  test("by an input on which all of them fail", async () => {
    await using one = await startFakeTriton(["fraud/1"]);
    await using two = await startFakeTriton(["fraud/1"]);
    await using rig = await rigOf({ fakes: [one, two] });
    await asked(rig, [one, two]);
    for (const fake of [one, two]) fake.trick = (_, response) => sendJson(response, 500, { error: "bad input" });
    expect(new Set(await statusesOf(30, () => infer(rig)))).toEqual(new Set([500]));
    expect(await downs(rig)).toEqual([]);
  });

  test("by one version that is broken while another is asked as well", async () => {
    await using one = await startFakeTriton(["fraud/1", "fraud/2"]);
    await using two = await startFakeTriton(["fraud/1", "fraud/2"]);
    await using rig = await rigOf({ fakes: [one, two], served: canary });
    for (const fake of [one, two]) {
      fake.trick = ({ path }, response) => path.includes("/2/") && sendJson(response, 500, { error: "no" });
    }
    for (let round = 0; round < 12; round++) {
      await statusesOf(2, () => infer(rig));
      await statusesOf(5, () => infer(rig, {}, 2));
    }
    expect(await downs(rig)).toEqual([]);
  });

  test("by callers who wait for less than the model may take", async () => {
    await using one = await startFakeTriton(["fraud/1"]);
    await using slow = await startFakeTriton(["fraud/1"]);
    await using rig = await rigOf({ fakes: [one, slow] });
    await asked(rig, [one, slow]);
    slow.trick = () => true;
    const statuses = await statusesOf(30, () => infer(rig, { "x-mmsp-timeout-ms": "20" }));
    expect(statuses.filter((status) => status === 504).length).toBeGreaterThan(8);
    expect(await downs(rig)).toEqual([]);
  });
});
