import { afterEach, describe, expect, test } from "bun:test";
import { chooseVersion } from "../../../gateway/core/choose.ts";
import type { Runtime } from "../../../gateway/core/ports.ts";
import type { RoutingTable } from "../../../gateway/core/route.ts";
import { createUses, leftOut, memoryFor, unlimited, type Tenant } from "../../../gateway/fleet/memory.ts";
import type { ModelDeployment } from "../../../schemas/model-deployment.ts";
import { paths } from "../../../schemas/tree.ts";
import { stringify } from "yaml";
import { anEnvironment, aVersion } from "../../support/builders.ts";
import { cutOf, deploymentOf, loadedOf, memorySource, since } from "../../support/fleet.ts";
import { changed, closeAll, codes, constantModel, filesOf, fleetOf, stableAnswer } from "../../support/fleet-rig.ts";
import { settled } from "../../support/manual-clock.ts";

afterEach(closeAll);

function tenant(key: string, bytes: number, rank: Tenant["rank"], usedAt = 0): Tenant {
  return { key, bytes, rank, usedAt };
}

describe("what stays out of memory", () => {
  test("nothing that gets traffic, whatever the limit", () => {
    expect([...leftOut([tenant("a", 9, "serving"), tenant("b", 9, "serving")], 1)]).toEqual([]);
  });

  test("first what nobody falls back to", () => {
    const tenants = [tenant("shadow", 4, "spare"), tenant("before", 4, "fallback"), tenant("now", 4, "serving")];
    expect([...leftOut(tenants, 12)]).toEqual([]);
    expect([...leftOut(tenants, 11)]).toEqual(["shadow"]);
    expect([...leftOut(tenants, 7)]).toEqual(["before", "shadow"]);
  });

  test("what was asked for least lately before what was asked for since", () => {
    const tenants = [tenant("a", 4, "fallback", 3), tenant("b", 4, "fallback", 7), tenant("c", 4, "fallback")];
    expect([...leftOut(tenants, 8)]).toEqual(["c"]);
    expect([...leftOut(tenants, 4)]).toEqual(["a", "c"]);
  });

  test("the larger of two that nobody has asked for, and what is large keeps no room from what fits", () => {
    const tenants = [tenant("large", 9, "fallback"), tenant("small", 3, "fallback")];
    expect([...leftOut(tenants, 10)]).toEqual(["large"]);
    expect([...leftOut([tenant("used", 20, "fallback", 1), tenant("small", 3, "fallback")], 10)]).toEqual(["used"]);
  });

  test("a version that two documents share is counted once", () => {
    expect([
      ...leftOut([tenant("a", 6, "serving"), tenant("a", 6, "fallback"), tenant("b", 4, "fallback")], 10),
    ]).toEqual([]);
  });
});

test("uses of what is served no more are forgotten", () => {
  const served = new Set([1, 2]);
  const uses = createUses((_model, version) => served.has(version ?? 0));
  uses.note("fraud", 1);
  served.delete(1);
  uses.note("fraud", 2);
  expect([uses.at("fraud", 1), uses.at("fraud", 2)]).toEqual([0, 2]);
});

/** Each of three models serves version 2 and can fall back to 1; documents say that an artifact has a mebibyte. */
const names = ["fraud", "spam", "wine"];
const versions = { 1: constantModel(1), 2: constantModel(2) };
const served = (model: string, spec: Partial<ModelDeployment["spec"]> = {}): ModelDeployment =>
  deploymentOf({ model, stable: { version: 2, attempt: 2, since }, previous: [1], ...spec });

function source(modelMemoryMib: number) {
  const all = Object.fromEntries(names.map((name) => [name, versions]));
  const size = (text: string | Uint8Array): string | Uint8Array =>
    typeof text === "string" ? text.replace(/sizeBytes: \d+/, `sizeBytes: ${2 ** 20}`) : text;
  const files = new Map(
    [
      ...filesOf(
        names.map((name) => served(name)),
        all,
      ),
    ].map(([path, content]) => [path, path.endsWith("model-version.yaml") ? size(content) : content]),
  );
  const environment = anEnvironment("dev", { gateway: { modelMemoryMib } });
  return memorySource(changed(files, paths.environment("dev"), stringify(environment)));
}

const inMemory = (table: RoutingTable): readonly string[] =>
  [...table.models.values()].flatMap(({ model, loaded }) => [...loaded.keys()].map((version) => `${model} ${version}`));

function asked(table: RoutingTable, model: string, version: number): unknown {
  const route = table.models.get(model);
  return route === undefined ? null : chooseVersion(route, { explicit: version, sticky: null }, 0);
}

test("what a model server has takes none of the gateway's memory", () => {
  const deployments = new Map([["fraud", served("fraud")]]);
  const artifact = { key: "model.onnx", sha256: "a".repeat(64), sizeBytes: 2 ** 20 };
  const documents = [1, 2].map((version) => [version, aVersion("fraud", version, { artifact })] as const);
  const tooMuch = (backend: "embedded" | "triton") => {
    const policy = anEnvironment("dev", { backend, gateway: { modelMemoryMib: 1 } });
    const wanted = { policy, deployments, versions: new Map([["fraud", new Map(documents)]]) };
    return memoryFor(
      wanted,
      [],
      () => 0,
      () => undefined,
    );
  };
  expect(tooMuch("embedded").out.size).toBe(1);
  expect(tooMuch("triton")).toBe(unlimited);
});

describe("a fleet with a limit", () => {
  test("keeps what gets traffic, and of the versions to fall back to as many as there is room for", async () => {
    const { fleet } = fleetOf(source(4).source);
    const table = await fleet.refresh();
    expect(table.problems).toEqual([]);
    expect(inMemory(table).toSorted()).toEqual(["fraud 1", "fraud 2", "spam 2", "wine 2"]);
    expect(asked(table, "wine", 1)).toMatchObject({ status: 503, code: "version-unloaded" });
  });

  test("loads a version that is asked for by its number, and lets the least used go", async () => {
    const { fleet, closes } = fleetOf(source(4).source);
    await fleet.refresh();
    fleet.use("wine", 1);
    const table = await fleet.refresh();
    expect(inMemory(table).toSorted()).toEqual(["fraud 2", "spam 2", "wine 1", "wine 2"]);
    expect(asked(table, "wine", 1)).toMatchObject({ kind: "chosen" });
    expect(asked(table, "fraud", 1)).toMatchObject({ code: "version-unloaded" });
    await fleet.close();
    expect(closes.toSorted()).toEqual(["fraud-1", "fraud-2", "spam-2", "wine-1", "wine-2"]);
  });

  test("loads the version that takes over when stable is cut", async () => {
    const { fleet, cuts } = fleetOf(source(3).source);
    expect(inMemory(await fleet.refresh()).toSorted()).toEqual(["fraud 2", "spam 2", "wine 2"]);
    cuts.push(cutOf({ model: "wine", version: 2, attempt: 2, phase: "stable" }));
    fleet.applyCuts();
    const table = await fleet.refresh();
    expect(await stableAnswer(table, "wine")).toBe(1);
  });

  test("says so where what gets traffic alone is too much, and serves it", async () => {
    const { fleet } = fleetOf(source(2).source);
    const table = await fleet.refresh();
    expect(codes(table)).toEqual(["model-memory"]);
    expect(inMemory(table).toSorted()).toEqual(["fraud 2", "spam 2", "wine 2"]);
  });

  test("without a limit, everything is warm", async () => {
    const { fleet } = fleetOf(memorySource(filesOf([served("fraud")], { fraud: versions })).source);
    expect(inMemory(await fleet.refresh()).toSorted()).toEqual(["fraud 1", "fraud 2"]);
  });
});

/** Models that count what is open, and whose closing a test can hold up as requests that run do. */
function countedRuntime() {
  const open = new Map<string, number>();
  const seen = { most: 0, loads: [] as string[] };
  const busy = new Map<string, Promise<void>>();
  const runtime: Runtime = {
    load: async ({ metadata: { name }, spec: { model, version } }) => {
      seen.loads.push(name);
      open.set(name, (open.get(name) ?? 0) + 1);
      seen.most = Math.max(seen.most, total());
      const close = async (): Promise<void> => {
        await busy.get(name);
        open.set(name, (open.get(name) ?? 0) - 1);
      };
      return { ...loadedOf(version, model), close };
    },
    close: () => Promise.resolve(),
  };
  const total = (): number => [...open.values()].reduce((sum, count) => sum + count, 0);
  return { runtime, seen, busy, total };
}

describe("the limit holds", () => {
  test("whatever clients name: a version that makes room is closed before another one is loaded", async () => {
    const { runtime, seen, total } = countedRuntime();
    const { fleet } = fleetOf(source(4).source, { runtime });
    await fleet.refresh();
    for (let at = 0; at < 30; at++) {
      const model = names[at % 3]!;
      fleet.use(model, 1);
      expect(asked(await fleet.refresh(), model, 1)).toMatchObject({ kind: "chosen" });
    }
    expect([seen.most, total()]).toEqual([4, 4]);
  });

  test("while a request runs on what makes room: callers are told to come again, and no load begins", async () => {
    const { runtime, seen, busy, total } = countedRuntime();
    const { fleet } = fleetOf(source(4).source, { runtime });
    await fleet.refresh();
    const running = Promise.withResolvers<void>();
    busy.set("fraud-1", running.promise);
    fleet.use("wine", 1);
    await settled();
    expect(asked(fleet.table(), "wine", 1)).toMatchObject({ status: 503, code: "version-not-loaded" });
    expect(seen.loads).not.toContain("wine-1");
    running.resolve();
    expect(inMemory(await fleet.refresh())).toContain("wine 1");
    expect([seen.most, total()]).toEqual([4, 4]);
  });

  test("while loads are on their way: each is let come, and who names another one comes again", async () => {
    const { runtime, seen } = countedRuntime();
    const { fleet } = fleetOf(source(4).source, { runtime });
    await fleet.refresh();
    fleet.use("wine", 1);
    fleet.use("spam", 1);
    fleet.use("fraud", 1);
    const table = await fleet.refresh();
    expect(inMemory(table)).toContain("wine 1");
    expect(asked(table, "spam", 1)).toMatchObject({ status: 503, code: "version-unloaded" });
    expect(seen.most).toBe(4);
  });
});

test("a version that there is no room for costs no new table, and a hundred requests in a turn one", async () => {
  let tables = 0;
  const onTable = (): void => void tables++;
  const full = fleetOf(source(3).source, { onTable }).fleet;
  await full.refresh();
  tables = 0;
  for (let at = 0; at < 50; at++) full.use(names[at % 3]!, 1);
  expect(tables).toBe(0);
  const { fleet } = fleetOf(source(4).source, { onTable });
  await fleet.refresh();
  tables = 0;
  for (let at = 0; at < 100; at++) fleet.use(names[1 + (at % 2)]!, 1);
  expect(tables).toBe(1);
});

test("what is swapped out is closed as soon as nothing runs on it, however long another model's requests may take", async () => {
  const patient = (version: number) => [
    deploymentOf({ stable: { version, attempt: version, since } }),
    deploymentOf({ model: "batch", serving: { timeoutMs: 600_000 } }),
  ];
  const filesFor = (version: number) => filesOf(patient(version), { fraud: versions, batch: versions });
  const memory = memorySource(filesFor(1));
  const { runtime, seen, total } = countedRuntime();
  const { fleet } = fleetOf(memory.source, { runtime });
  await fleet.refresh();
  for (let swap = 0; swap < 12; swap++) {
    memory.set(filesFor((swap % 2) + 1));
    await fleet.refresh();
  }
  expect(total()).toBe(2);
  expect(seen.most).toBe(3);
});
