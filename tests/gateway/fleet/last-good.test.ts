import { afterEach, expect, test } from "bun:test";
import type { RoutingTable } from "../../../gateway/core/route.ts";
import { paths } from "../../../schemas/tree.ts";
import { deploymentOf, memorySource, since } from "../../support/fleet.ts";
import {
  changed,
  closeAll,
  codes,
  constantModel,
  filesOf,
  fleetOf,
  models,
  rollout,
  stableAnswer,
} from "../../support/fleet-rig.ts";

afterEach(closeAll);

test("a document that makes a rejected version stable again is served without it", async () => {
  const rejected = [
    { version: 3, attempt: 3, at: since, phase: "canary" as const, by: "guard" as const, reason: "errors" },
  ];
  const merged = deploymentOf({ stable: { version: 3, attempt: 3, since }, previous: [2, 1], rejected });
  const { fleet, loads } = fleetOf(memorySource(filesOf([merged])).source);
  const table = await fleet.refresh();
  expect(await stableAnswer(table)).toBe(2);
  expect(codes(table)).toContain("version-rejected");
  expect(loads).not.toContain("fraud-3");
});

test("a broken document keeps its model's last good state, and other models go on", async () => {
  const two = [rollout, deploymentOf({ model: "churn" })];
  const all = { ...models, churn: { 1: constantModel(1), 2: constantModel(2) } };
  const memory = memorySource(filesOf(two, all));
  const { fleet } = fleetOf(memory.source);
  await fleet.refresh();
  const moved = filesOf([rollout, deploymentOf({ model: "churn", stable: { version: 2, attempt: 2, since } })], all);
  memory.set(changed(moved, paths.deployment("dev", "fraud"), "spec: [broken"));
  const table = await fleet.refresh();
  expect(codes(table)).toContain("yaml-invalid");
  expect(await stableAnswer(table, "fraud")).toBe(2);
  expect(await stableAnswer(table, "churn")).toBe(2);

  memory.set(changed(moved, paths.deployment("dev", "fraud"), null));
  expect([...(await fleet.refresh()).models.keys()]).toEqual(["churn"]);
});

test("a broken version document does not take the loaded version away", async () => {
  const memory = memorySource(filesOf([rollout]));
  const { fleet } = fleetOf(memory.source);
  await fleet.refresh();
  memory.set(changed(filesOf([rollout]), paths.version("fraud", 2), "spec: {"));
  expect(await stableAnswer(await fleet.refresh())).toBe(2);
});

test("a stable version with another digest is refused, and the last good one serves on", async () => {
  const first = filesOf([deploymentOf()]);
  const memory = memorySource(first);
  const { fleet } = fleetOf(memory.source);
  await fleet.refresh();
  const next = filesOf([deploymentOf({ stable: { version: 2, attempt: 2, since }, previous: [1] })]);
  const [path] = [...next.keys()].filter((key) => key.startsWith("store/") && next.get(key) === models.fraud[2]);
  const flipped = models.fraud[2].slice();
  flipped[200]! ^= 1;
  memory.set(changed(next, path!, flipped));
  const table = await fleet.refresh();
  expect(codes(table)).toEqual(["artifact-digest"]);
  expect(await stableAnswer(table)).toBe(1);
  memory.set(next);
  const mended = await fleet.refresh();
  expect(mended.problems).toEqual([]);
  expect(await stableAnswer(mended)).toBe(2);
});

test("a last good state does not bring back what the new document rejects", async () => {
  const memory = memorySource(filesOf([deploymentOf({ stable: { version: 2, attempt: 2, since }, previous: [3] })]));
  const { fleet } = fleetOf(memory.source);
  await fleet.refresh();
  const rejected = [
    { version: 2, attempt: 2, at: since, phase: "stable" as const, by: "person" as const, reason: "wrong" },
  ];
  const next = filesOf([deploymentOf({ stable: { version: 1, attempt: 4, since }, rejected })]);
  memory.set(
    changed(
      next,
      [...next.keys()].find((key) => next.get(key) === models.fraud[1])!,
      null,
    ),
  );
  const table = await fleet.refresh();
  expect(await stableAnswer(table)).toBe(3);
});

test("a canary that cannot be loaded leaves stable serving, with the problem", async () => {
  const all = { fraud: { ...models.fraud, 3: new TextEncoder().encode("not a model") } };
  const { fleet } = fleetOf(memorySource(filesOf([rollout], all)).source);
  const table = await fleet.refresh();
  expect(codes(table)).toEqual(["model-not-loadable"]);
  expect(table.models.get("fraud")?.canary).toBeNull();
  expect(await stableAnswer(table)).toBe(2);
});

test("a model whose stable version cannot be loaded is not routed, and a retry mends it", async () => {
  const files = filesOf([deploymentOf()]);
  const memory = memorySource(
    changed(
      files,
      [...files.keys()].find((key) => key.startsWith("store/sha256"))!,
      null,
    ),
  );
  const mended = Promise.withResolvers<RoutingTable>();
  const onTable = (table: RoutingTable): void => void (table.models.size === 1 && mended.resolve(table));
  const { fleet } = fleetOf(memory.source, { retryMs: 10, onTable });
  expect((await fleet.refresh()).models.size).toBe(0);
  memory.set(files);
  expect((await mended.promise).problems).toEqual([]);
});

test("a source that cannot be read leaves everything as it is, and says so", async () => {
  const memory = memorySource(filesOf([rollout]));
  const { fleet } = fleetOf(memory.source);
  await fleet.refresh();
  memory.fail(new Error("the network is down"));
  const table = await fleet.refresh();
  expect(table.problems[0]?.message).toBe("the network is down");
  expect(await stableAnswer(table)).toBe(2);
  memory.fail(null);
  expect((await fleet.refresh()).problems).toEqual([]);
});

test("an environment that is not there is said", async () => {
  const { fleet } = fleetOf(memorySource(filesOf([rollout])).source, { environment: "prod" });
  expect(codes(await fleet.refresh())).toEqual(["environment-missing"]);
});
