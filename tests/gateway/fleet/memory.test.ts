import { afterEach, describe, expect, test } from "bun:test";
import { chooseVersion } from "../../../gateway/core/choose.ts";
import type { RoutingTable } from "../../../gateway/core/route.ts";
import { leftOut, outOfMemory, type Tenant } from "../../../gateway/fleet/memory.ts";
import type { ModelDeployment } from "../../../schemas/model-deployment.ts";
import { paths } from "../../../schemas/tree.ts";
import { stringify } from "yaml";
import { anEnvironment, aVersion } from "../../support/builders.ts";
import { cutOf, deploymentOf, memorySource, since } from "../../support/fleet.ts";
import { changed, closeAll, codes, constantModel, filesOf, fleetOf, stableAnswer } from "../../support/fleet-rig.ts";

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
    return outOfMemory({ policy, deployments, versions: new Map([["fraud", new Map(documents)]]) }, [], () => 0);
  };
  expect(tooMuch("embedded").out.size).toBe(1);
  expect(tooMuch("triton")).toEqual({ out: new Set(), problems: [] });
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
