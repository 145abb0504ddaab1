import { expect, test } from "bun:test";
import { paths } from "../../schemas/tree.ts";
import { alertOf, webhookOf } from "../support/alerts.ts";
import { aCut } from "../support/builders.ts";
import { alertsToken, startRig } from "../support/gateway-rig.ts";
import { linearModel } from "../support/models.ts";
import { deploymentFiles, servingTree } from "../support/serving-tree.ts";

const fraud = {
  versions: { 1: linearModel(), 2: linearModel({ bias: [9, 0] }) },
  canary: 2,
  weight: 100,
  spec: { slo: { minRequests: 1 } },
};
const tree = servingTree({ fraud });
const deployment = paths.deployment("dev", "fraud");
const authorization = { authorization: `Bearer ${alertsToken}` };

test("where nobody commits, a cut ends when a person rolls back, and the version serves when that is reverted", async () => {
  await using rig = await startRig(tree, { commit: null });
  const version = async () =>
    (await rig.post("/predict", { instances: [[1, 2, 3]] })).headers.get("x-mmsp-version") ?? "none";
  expect(await version()).toBe("2");
  const started = performance.now();
  const reply = await rig.post("/alerts", webhookOf(alertOf()), authorization);
  expect(reply.json()["results"]).toMatchObject([{ decision: "cut", commit: null }]);
  // Nobody waits for a commit that nobody makes.
  expect(performance.now() - started).toBeLessThan(1500);
  expect(await version()).toBe("1");
  expect((await rig.get("/status")).json()["needsPerson"]).toMatchObject([
    { model: "fraud", version: 2, code: "rollback-not-committed" },
  ]);
  expect(await rig.metric("gateway_person_needed")).toEqual({ '{model="fraud",version="2"}': 1 });

  for (const [path, text] of Object.entries(deploymentFiles("fraud", { spec: {} }))) rig.put(path, text);
  await rig.reload();
  expect((await rig.get("/status")).json()).toMatchObject({ cuts: [], needsPerson: [] });
  expect(await rig.metric("gateway_person_needed")).toEqual({});
  expect(rig.store.list()).toEqual([]);

  rig.put(deployment, tree[deployment]!);
  await rig.reload();
  expect(await version()).toBe("2");
  const again = await rig.post("/alerts", webhookOf(alertOf()), authorization);
  expect(again.json()["results"]).toMatchObject([{ decision: "cut" }]);
});

test("where another process owns the store, its cuts are left to it", async () => {
  await using rig = await startRig(tree, { commit: null, reacts: false });
  // Of an attempt before the present one: pointless, but not this process's to end.
  const pointless = aCut({ environment: "dev", attempt: 1 });
  rig.store.put(pointless);
  await rig.reload();
  expect(rig.store.list().map(({ cut }) => cut)).toEqual([pointless]);
});

test("a bad version that nothing could take over from is shown until it is gone, with a metric", async () => {
  const { canary: _, weight: __, ...only } = fraud;
  await using rig = await startRig(servingTree({ fraud: only }), { commit: null });
  await rig.post("/predict", { instances: [[1, 2, 3]] });
  const alert = alertOf({ labels: { version: "1" } });
  const reply = await rig.post("/alerts", webhookOf(alert), authorization);
  expect(reply.json()["results"]).toMatchObject([{ decision: "told", code: "nothing-left" }]);
  expect((await rig.get("/status")).json()["needsPerson"]).toMatchObject([
    { model: "fraud", version: 1, code: "nothing-left", since: expect.any(String) },
  ]);
  expect(await rig.metric("gateway_person_needed")).toEqual({ '{model="fraud",version="1"}': 1 });

  const next = { version: 2, attempt: 7, since: "2026-11-20T09:12:00Z" };
  for (const [path, text] of Object.entries(deploymentFiles("fraud", { spec: { stable: next } }))) rig.put(path, text);
  await rig.reload();
  expect((await rig.get("/status")).json()).toMatchObject({ models: [{ stable: { version: 2 } }], needsPerson: [] });
  expect(await rig.metric("gateway_person_needed")).toEqual({});
});

test("what is wrong with how the gateway was started stands among the problems", async () => {
  const problem = { code: "cuts-not-committed", message: "cuts are not committed", hint: "set GITHUB_TOKEN" };
  await using rig = await startRig(tree, { commit: null, problems: [problem] });
  expect((await rig.get("/status")).json()["problems"]).toEqual([problem]);
  expect((await rig.get("/health")).json()).toMatchObject({ status: "ok" });
});
