import { expect, test } from "bun:test";
import { createOnnxRuntime } from "../../gateway/edges/onnx/runtime.ts";
import { startRig } from "../support/gateway-rig.ts";
import { slowModel } from "../support/models.ts";
import { servingTree } from "../support/serving-tree.ts";

const instances = (first: number): object => ({ model: "fraud", instances: [[first, 0, 0]] });

interface Status {
  readonly models: readonly {
    readonly loaded: readonly { readonly place: string; readonly broken: string | null }[];
  }[];
  readonly problems: readonly { readonly code: string }[];
}

test("a call that does not end takes no other request with it, and what it breaks is told", async () => {
  // Zeros are answered at once; others after as many fiftieths of a second, about.
  const fraud = {
    versions: { 1: slowModel({ rounds: "first-feature", each: 1000 }) },
    spec: { serving: { timeoutMs: 100 } },
  };
  const runtime = createOnnxRuntime({ patienceMs: 100 });
  await using rig = await startRig(servingTree({ fraud }), { runtime });
  const patient = { "x-mmsp-timeout-ms": "100" };
  const state = async () => {
    const { models, problems } = (await rig.get("/status")).json() as unknown as Status;
    return { ...models[0]?.loaded[0], problems };
  };
  const health = async () => (await rig.get("/health")).json()["status"];
  expect([(await state()).place, (await state()).broken, await health()]).toEqual(["worker", null, "ok"]);

  expect((await rig.post("/predict", instances(150), patient)).status).toBe(504);
  // Its worker is left to it, and another one opened, for which one request may not have waited long enough.
  let reply = await rig.post("/predict", instances(0));
  while (reply.status === 504) reply = await rig.post("/predict", instances(0));
  expect(reply.status).toBe(200);

  expect((await rig.post("/predict", instances(50), patient)).status).toBe(504);
  while ((await state()).broken === null) await Bun.sleep(10);
  const { broken, problems } = await state();
  expect(broken).toBe("a call did not end within 0.2 s; 2 such calls still calculate");
  expect(problems.map(({ code }) => code)).toEqual(["model-broken"]);
  expect(await health()).toBe("degraded");
  expect((await rig.get("/v2/models/fraud/ready")).status).toBe(503);
  expect((await rig.post("/predict", instances(0))).status).toBe(500);

  while ((await state()).broken !== null) await Bun.sleep(10);
  while ((await rig.post("/predict", instances(0))).status !== 200);
  expect([await health(), (await rig.get("/v2/models/fraud/ready")).status]).toEqual(["ok", 200]);
}, 60_000);
