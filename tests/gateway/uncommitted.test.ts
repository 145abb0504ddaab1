import { expect, test } from "bun:test";
import { paths } from "../../schemas/tree.ts";
import { aCut } from "../support/builders.ts";
import { startRig } from "../support/gateway-rig.ts";
import { alertOf, webhookOf } from "../support/alerts.ts";
import { alertsToken } from "../support/gateway-rig.ts";
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

  for (const [path, text] of Object.entries(deploymentFiles("fraud", { spec: {} }))) rig.put(path, text);
  await rig.reload();
  expect((await rig.get("/status")).json()["cuts"]).toEqual([]);
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
