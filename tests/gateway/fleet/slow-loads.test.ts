import { afterEach, expect, test } from "bun:test";
import type { Runtime } from "../../../gateway/core/ports.ts";
import type { RoutingTable } from "../../../gateway/core/route.ts";
import type { FleetOptions } from "../../../gateway/fleet/fleet.ts";
import { cutOf, deploymentOf, loadedOf, memorySource, since } from "../../support/fleet.ts";
import { changed, closeAll, closers, codes, constantModel, filesOf, fleetOf, models } from "../../support/fleet-rig.ts";
import { settled } from "../../support/manual-clock.ts";

afterEach(closeAll);

const all = { ...models, churn: { 1: constantModel(1), 2: constantModel(2), 3: constantModel(3) } };
const churn = (version: number) => deploymentOf({ model: "churn", stable: { version, attempt: version, since } });
const fraud = (version: number) => deploymentOf({ stable: { version, attempt: version, since } });
const filesWith = (...deployments: ReturnType<typeof churn>[]) => filesOf(deployments, all);

/** Loads that are let through one by one. */
function gatedRuntime(gated: (name: string) => boolean) {
  const gates = new Map<string, PromiseWithResolvers<void>>();
  const seen = { loads: [] as string[], closes: [] as string[], atOnce: 0, most: 0 };
  const runtime: Runtime = {
    async load({ metadata: { name }, spec: { model, version } }) {
      seen.loads.push(name);
      seen.most = Math.max(seen.most, ++seen.atOnce);
      const gate = Promise.withResolvers<void>();
      if (gated(name)) {
        gates.set(name, gate);
        started.resolve();
        await gate.promise;
      }
      await settled();
      seen.atOnce--;
      return { ...loadedOf(version, model), close: async () => void seen.closes.push(name) };
    },
    close: () => Promise.resolve(),
  };
  let started = Promise.withResolvers<void>();
  /** Resolves when the load of this version waits at its gate. */
  async function waits(name: string): Promise<void> {
    while (!gates.has(name)) {
      await started.promise;
      started = Promise.withResolvers<void>();
    }
  }
  const open = (name: string): void => gates.get(name)?.resolve();
  const openAll = (): void => gates.forEach(({ resolve }) => resolve());
  return { runtime, seen, waits, open, openAll };
}

function slowFleet(source: Parameters<typeof fleetOf>[0], gated: (name: string) => boolean, more = {}) {
  const gate = gatedRuntime(gated);
  const watchers = new Set<() => void>();
  const onTable = (): void => watchers.forEach((look) => look());
  const { fleet, cuts } = fleetOf(source, { runtime: gate.runtime, onTable, ...more } satisfies Partial<FleetOptions>);
  closers.push(async () => gate.openAll());
  /** The first table that is so. */
  async function when(so: (table: RoutingTable) => boolean): Promise<RoutingTable> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => void (so(fleet.table()) && resolve());
    watchers.add(look);
    look();
    await promise;
    watchers.delete(look);
    return fleet.table();
  }
  return { ...gate, fleet, cuts, when };
}

const stableOf = (table: RoutingTable, model: string) => table.models.get(model)?.stable?.version;

test("while one model loads, the rollback of another is followed, and each model moves when its own versions are there", async () => {
  const memory = memorySource(filesWith(fraud(2), churn(1)));
  const { fleet, when, waits, open } = slowFleet(memory.source, (name) => name === "churn-2");
  await fleet.refresh();
  memory.set(filesWith(fraud(2), churn(2)));
  const first = fleet.refresh();
  await waits("churn-2");
  expect(stableOf(fleet.table(), "churn")).toBe(1);

  memory.set(filesWith(fraud(1), churn(2)));
  const second = fleet.refresh();
  const table = await when((now) => stableOf(now, "fraud") === 1);
  expect(stableOf(table, "churn")).toBe(1);
  expect(table.problems).toEqual([]);

  open("churn-2");
  expect(stableOf(await first, "churn")).toBe(2);
  expect(stableOf(await second, "churn")).toBe(2);
});

test("what a document rejects gets no traffic while the version that it asks for loads", async () => {
  const memory = memorySource(filesWith(deploymentOf({ ...fraud(2).spec, previous: [1] })));
  const { fleet, when, waits } = slowFleet(memory.source, (name) => name === "fraud-3");
  await fleet.refresh();
  const rejected = [{ version: 2, attempt: 2, at: since, phase: "stable", by: "person", reason: "wrong" }] as const;
  memory.set(filesWith(deploymentOf({ ...fraud(3).spec, previous: [1], rejected: [...rejected] })));
  memory.tell();
  await waits("fraud-3");
  expect(stableOf(await when((now) => stableOf(now, "fraud") !== 2), "fraud")).toBe(1);
});

test("a document whose traffic needs nothing new is served before its next version to fall back to is there", async () => {
  const memory = memorySource(filesWith(fraud(2)));
  const { fleet, when, waits } = slowFleet(memory.source, (name) => name === "fraud-1");
  await fleet.refresh();
  memory.set(filesWith(deploymentOf({ ...fraud(2).spec, previous: [1], slo: { minRequests: 7 } })));
  memory.tell();
  await waits("fraud-1");
  const table = await when((now) => now.models.get("fraud")?.slo.minRequests === 7);
  expect([...table.models.get("fraud")!.loaded.keys()]).toEqual([2]);
});

test("no more than two versions load at a time", async () => {
  const names = ["a", "b", "c", "d", "e"];
  const many = Object.fromEntries(names.map((name) => [name, { 1: constantModel(1) }]));
  const deployments = names.map((model) => deploymentOf({ model }));
  const { fleet, seen } = slowFleet(memorySource(filesOf(deployments, many)).source, () => false);
  expect((await fleet.refresh()).models.size).toBe(5);
  expect(seen.most).toBe(2);
});

test("a load that nobody asks for any more is freed when it ends, and nobody waits for it", async () => {
  const memory = memorySource(filesWith(churn(1)));
  const { fleet, waits, open, seen } = slowFleet(memory.source, (name) => name === "churn-2");
  await fleet.refresh();
  memory.set(filesWith(churn(2)));
  memory.tell();
  await waits("churn-2");
  memory.set(filesWith(churn(3)));
  expect(stableOf(await fleet.refresh(), "churn")).toBe(3);
  open("churn-2");
  while (!seen.closes.includes("churn-2")) await settled();
  expect(stableOf(fleet.table(), "churn")).toBe(3);
});

test("a model that does not come to an end is given up, holds up nobody, and is not started a second time", async () => {
  const memory = memorySource(filesWith(fraud(1), churn(1)));
  const gated = (name: string): boolean => name === "churn-1";
  const { fleet, seen, open, when } = slowFleet(memory.source, gated, { loadMs: 30 });
  expect(fleet.progress()).toEqual({ wanted: 0, untried: 0 });
  const table = await fleet.refresh();
  expect(codes(table)).toEqual(["model-load-timeout"]);
  expect([...table.models.keys()]).toEqual(["fraud"]);
  expect(fleet.progress()).toEqual({ wanted: 2, untried: 0 });
  await fleet.refresh();
  expect(seen.loads.filter((name) => name === "churn-1")).toEqual(["churn-1"]);

  open("churn-1");
  const mended = await when((now) => now.models.has("churn"));
  expect(mended.problems).toEqual([]);
});

test("a cut of the version that is served moves to one that is loaded for it", async () => {
  const memory = memorySource(filesWith(deploymentOf({ ...fraud(3).spec, previous: [2, 1] })));
  const { fleet, cuts, seen, when } = slowFleet(memory.source, () => false);
  await fleet.refresh();
  expect(seen.loads.toSorted()).toEqual(["fraud-2", "fraud-3"]);
  cuts.push(cutOf({ version: 3, attempt: 3, phase: "stable" }));
  expect(stableOf(fleet.applyCuts(), "fraud")).toBe(2);
  await when((now) => now.models.get("fraud")!.loaded.has(1));
  expect(seen.loads).toContain("fraud-1");
});

test("what is still loading is untried", async () => {
  const memory = memorySource(changed(filesWith(fraud(1), churn(1)), "README.md", ""));
  const { fleet, waits, when, open } = slowFleet(memory.source, (name) => name === "churn-1");
  const whole = fleet.refresh();
  await waits("churn-1");
  await when((now) => now.models.has("fraud"));
  expect(fleet.progress()).toEqual({ wanted: 2, untried: 1 });
  open("churn-1");
  await whole;
  expect(fleet.progress()).toEqual({ wanted: 2, untried: 0 });
});
