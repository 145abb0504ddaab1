import { join } from "node:path";
import { expect, test } from "bun:test";
import { openCutStore } from "../../gateway/edges/cut-store.ts";
import { aCut } from "../support/builders.ts";
import { temporaryFolder } from "../support/folder.ts";
import { startRig } from "../support/gateway-rig.ts";
import { linearModel } from "../support/models.ts";
import { servingTree } from "../support/serving-tree.ts";

test("a gateway leaves the cuts of another environment in the store that they share", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "cuts.sqlite");
  const prod = openCutStore(path, "prod");
  // Of a model that dev does not have, and of a version that dev serves too.
  const cuts = [aCut({ environment: "prod", model: "wine" }), aCut({ environment: "prod", model: "fraud" })];
  for (const cut of cuts) prod.put(cut);
  const tried: unknown[] = [];
  const commit = (given: readonly unknown[]) => (tried.push(...given), Promise.resolve([]));
  const versions = { 1: linearModel(), 2: linearModel() };
  {
    const files = servingTree({ fraud: { versions, canary: 2 } });
    await using dev = await startRig(files, { store: openCutStore(path, "dev"), commit });
    expect((await dev.get("/status")).json()).toMatchObject({ cuts: [], models: [{ canary: { version: 2 } }] });
  }
  expect(tried).toEqual([]);
  expect(prod.list().map(({ cut }) => cut)).toEqual(cuts);
  prod.close();
});
