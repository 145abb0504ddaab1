import { expect, test } from "bun:test";
import { startRig } from "../support/gateway-rig.ts";
import { grpcClient } from "../support/grpc.ts";
import { linearModel } from "../support/models.ts";
import { servingTree } from "../support/serving-tree.ts";

const withSpare = {
  versions: { 1: linearModel(), 2: linearModel({ bias: [0, 9] }) },
  spec: { previous: [2] },
};
const body = { inputs: [{ name: "input", datatype: "FP32", shape: [1, 3], data: [1, 0, 0] }] };

/** Two models, each with a version to fall back to, of a mebibyte each as their documents have it. */
function treeOf(modelMemoryMib: number): Record<string, string | Uint8Array> {
  const tree = Object.entries(servingTree({ fraud: withSpare, wine: withSpare }, { gateway: { modelMemoryMib } }));
  const files = tree.map(([path, content]) => {
    const said = typeof content === "string" ? content.replace(/sizeBytes: \d+/, `sizeBytes: ${2 ** 20}`) : content;
    return [path, path.endsWith("model-version.yaml") ? said : content] as const;
  });
  return Object.fromEntries(files);
}

test("a version that was unloaded to save memory is loaded when a request names it", async () => {
  await using rig = await startRig(treeOf(3));
  const loaded = async () =>
    ((await rig.get("/status")).json()["models"] as { loaded: { version: number }[]; unloaded: number[] }[]).map(
      (model) => [model.loaded.map(({ version }) => version), model.unloaded],
    );
  expect(await loaded()).toEqual([
    [[1, 2], []],
    [[1], [2]],
  ]);
  const early = await rig.post("/v2/models/wine/versions/2/infer", body);
  expect(early.status).toBe(503);
  expect(early.headers.get("retry-after")).toBe("1");
  expect(early.json()["error"]).toMatch(/version 2 of wine is not loaded now; try again/);
  await rig.reload(); // resolves when nothing is being loaded any more
  expect((await rig.post("/v2/models/wine/versions/2/infer", body)).status).toBe(200);
  expect(await loaded()).toEqual([
    [[1], [2]],
    [[1, 2], []],
  ]);
});

test("a version that is unloaded is described as one that answers, and is not ready", async () => {
  await using rig = await startRig(treeOf(2));
  const wine = "/v2/models/wine/versions";
  const [first, second] = [await rig.get(`${wine}/1`), await rig.get(`${wine}/2`)];
  expect([second.status, second.json()]).toEqual([200, first.json()]);
  expect((await rig.get(`${wine}/2/ready`)).status).toBe(503);
  expect((await rig.get(`${wine}/2/stats`)).json()).toMatchObject({
    model_stats: [{ version: "2", inference_count: 0 }],
  });
  const index = (await rig.post("/v2/repository/index", {})).json() as unknown;
  expect(index).toContainEqual({
    name: "wine",
    version: "2",
    state: "UNAVAILABLE",
    reason: "it is not loaded now; GET /status says why",
  });
  using client = grpcClient(await rig.listenGrpc());
  expect((await client.call("ModelMetadata", { name: "wine", version: "2" })).reply).toMatchObject({ name: "wine" });
  expect((await client.call("ModelReady", { name: "wine", version: "2" })).reply).toEqual({});
  expect((await rig.get(`${wine}/3`)).status).toBe(404);
});

test("one that there is no room for beside what gets traffic is told so, and the others answer on", async () => {
  await using rig = await startRig(treeOf(2));
  const refused = await rig.post("/v2/models/fraud/versions/2/infer", body);
  expect(refused.status).toBe(503);
  expect(refused.json()["error"]).toMatch(/no room for version 2 of fraud in the memory for models/);
  expect((await rig.post("/v2/models/fraud/infer", body)).status).toBe(200);
});
