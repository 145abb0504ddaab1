import { afterEach, expect, test } from "bun:test";
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Source } from "../../../gateway/core/ports.ts";
import type { RoutingTable } from "../../../gateway/core/route.ts";
import { directorySource } from "../../../gateway/edges/source/directory.ts";
import { cutOf, deploymentOf, memorySource, since } from "../../support/fleet.ts";
import {
  closeAll,
  closers,
  filesOf,
  fleetOf,
  models,
  rollout,
  stableAnswer,
  type Files,
} from "../../support/fleet-rig.ts";
import { slowModel } from "../../support/models.ts";

afterEach(closeAll);

test("serves what the documents say: stable, canary and the version to fall back to are warm", async () => {
  const { fleet } = fleetOf(memorySource(filesOf([rollout])).source);
  expect(fleet.table().models.size).toBe(0);
  const table = await fleet.refresh();
  expect(table.problems).toEqual([]);
  const route = table.models.get("fraud");
  expect(route?.stable).toEqual({ version: 2, attempt: 2 });
  expect(route?.canary).toEqual({ version: 3, attempt: 3, weight: 10 });
  expect([...(route?.loaded.keys() ?? [])].toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
  expect(await stableAnswer(table)).toBe(2);
  expect(fleet.deployment("fraud")?.spec.stable.version).toBe(2);
  expect(fleet.deployment("other")).toBeNull();
});

test("a change of weight loads nothing again, a promotion frees what is served no more", async () => {
  const memory = memorySource(filesOf([rollout]));
  const { fleet, loads, closes } = fleetOf(memory.source);
  await fleet.refresh();
  memory.set(filesOf([deploymentOf({ ...rollout.spec, canary: { ...rollout.spec.canary!, weight: 50 } })]));
  expect((await fleet.refresh()).models.get("fraud")?.canary?.weight).toBe(50);
  expect(loads.length).toBe(3);
  memory.set(filesOf([deploymentOf({ stable: { version: 3, attempt: 3, since }, previous: [2, 1] })]));
  expect(await stableAnswer(await fleet.refresh())).toBe(3);
  await fleet.close();
  expect(loads.length).toBe(3);
  expect(closes.toSorted()).toEqual(["fraud-1", "fraud-2", "fraud-3"]);
});

test("a cut moves traffic at once, without reading or loading anything", async () => {
  const memory = memorySource(filesOf([rollout]));
  const { fleet, cuts, loads } = fleetOf(memory.source);
  await fleet.refresh();
  memory.fail(new Error("must not be read"));
  cuts.push(cutOf({ version: 2, attempt: 2, phase: "stable" }), cutOf({ version: 3, attempt: 3 }));
  const table = fleet.applyCuts();
  expect(table).toBe(fleet.table());
  expect(table.models.get("fraud")).toMatchObject({ stable: { version: 1, attempt: null }, canary: null });
  expect([...table.models.get("fraud")!.closed.keys()].toSorted((a, b) => a - b)).toEqual([2, 3]);
  expect(await stableAnswer(table)).toBe(1);
  expect(loads.length).toBe(3);
});

test("a rollback that is committed after the cut takes the version out of memory", async () => {
  const memory = memorySource(filesOf([rollout]));
  const { fleet, cuts, closes } = fleetOf(memory.source);
  await fleet.refresh();
  cuts.push(cutOf({ version: 3, attempt: 3 }));
  fleet.applyCuts();
  const { canary: _, ...spec } = rollout.spec;
  const rejected = [
    { version: 3, attempt: 3, at: since, phase: "canary" as const, by: "guard" as const, reason: "errors" },
  ];
  memory.set(filesOf([deploymentOf({ ...spec, rejected })]));
  const table = await fleet.refresh();
  expect(table.models.get("fraud")?.closed.get(3)).toContain("errors");
  expect([...table.models.get("fraud")!.loaded.keys()].toSorted((a, b) => a - b)).toEqual([1, 2]);
  await fleet.close();
  expect(closes).toContain("fraud-3");
});

test("many refreshes at once are two: the one that runs and one that sees what all of them saw", async () => {
  const memory = memorySource(filesOf([deploymentOf()]));
  let reads = 0;
  const source: Source = { ...memory.source, read: () => (reads++, memory.source.read()) };
  const { fleet } = fleetOf(source);
  const all = [fleet.refresh(), fleet.refresh(), fleet.refresh()];
  memory.set(filesOf([deploymentOf({ stable: { version: 2, attempt: 2, since } })]));
  memory.tell();
  const tables = await Promise.all(all);
  expect(reads).toBe(2);
  expect(await stableAnswer(tables[2]!)).toBe(2);
});

test("swaps under concurrent requests lose none, inline or in a worker", async () => {
  const slow = slowModel({ rounds: 60, classes: 5, weights: Array<number>(15).fill(0), bias: [0, 0, 9, 0, 0] });
  const all = { fraud: { 1: models.fraud[1], 2: slow } };
  const stable = (version: number) => filesOf([deploymentOf({ stable: { version, attempt: version, since } })], all);
  const memory = memorySource(stable(1));
  const { fleet, closes } = fleetOf(memory.source);
  await fleet.refresh();
  const swapping = new AbortController();
  const answers = new Map<number, number>();
  const caller = async (): Promise<void> => {
    while (!swapping.signal.aborted) {
      const answer = await stableAnswer(fleet.table());
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
    }
  };
  const callers = Array.from({ length: 8 }, caller);
  for (let swap = 0; swap < 10; swap++) {
    memory.set(stable((swap % 2) + 1));
    await fleet.refresh();
  }
  swapping.abort();
  await Promise.all(callers);
  expect([...answers.keys()].toSorted((a, b) => a - b)).toEqual([1, 2]);
  expect(closes.length).toBeGreaterThanOrEqual(8);
});

test("follows a real directory, from file to answer", async () => {
  const folder = await mkdtemp(join(tmpdir(), "mmsp-fleet-"));
  closers.push(() => rm(folder, { recursive: true }));
  const write = async (files: Files): Promise<void> => {
    for (const [path, content] of files) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    }
  };
  await write(filesOf([deploymentOf()]));
  const moved = Promise.withResolvers<RoutingTable>();
  const onTable = (table: RoutingTable): void => {
    if (table.models.get("fraud")?.stable?.version === 2) moved.resolve(table);
  };
  const { fleet } = fleetOf(directorySource(folder, { quietMs: 10 }), { onTable });
  expect(await stableAnswer(await fleet.refresh())).toBe(1);
  await write(filesOf([deploymentOf({ stable: { version: 2, attempt: 2, since }, previous: [1] })]));
  expect(await stableAnswer(await moved.promise)).toBe(2);
});
