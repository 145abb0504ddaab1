/**
 * `bun run e2e:triton`: the gateway's process in front of two real Tritons. Says SKIPPED where Triton cannot be installed; in CI
 * that is a failure.
 */
import assert from "node:assert/strict";
import { removeSharedFolders } from "../support/folder.ts";
import { samplesOf } from "../support/gateway-rig.ts";
import {
  binaryScores,
  body,
  infer,
  json,
  near,
  postBinary,
  postRaw,
  rows,
  softmax,
  startLoad,
} from "./support/triton-callers.ts";
import { runScenarios, type Scenarios } from "./support/scenarios.ts";
import { oddReplica, oddReplies, oddRequests } from "./support/triton-odd.ts";
import { installTriton } from "./support/triton-server.ts";
import { fraud, startWorld, type TritonWorld } from "./support/triton-world.ts";
import { until } from "./support/until.ts";

await runScenarios(async (scenarios) => {
  const server = await installTriton();
  await using world = await startWorld(server);
  for (const triton of world.tritons) await world.serve(triton, [1, 2]);
  await answering(world, scenarios);
  await refusing(world, scenarios);
  await oddRequests(world, scenarios);
  await swapping(world, scenarios);
  await leaving(world, scenarios);
  await oddReplica(world, scenarios);
});
removeSharedFolders();

async function answering({ post, get, metric, tritons }: TritonWorld, { scenario }: Scenarios): Promise<void> {
  await scenario("a version is served as soon as Triton has it, and is ready then", async () => {
    await until("it is ready", async () => (await get("/v2/models/fraud/ready")).status === 200);
    assert.equal((await get("/health/ready")).status, 200);
  });

  await scenario("rows, v1, and v2 in JSON and in binary get the answers of the model", async () => {
    const expected = [softmax([1, 2 + 1]), softmax([3, 2 + 1])];
    const predicted = await json(await post("/predict", { model: "fraud", instances: rows }));
    assert.deepEqual(predicted["predictions"], [1, 0]);
    near((predicted["probabilities"] as number[][]).flat(), expected.flat());
    const v1 = await json(await post("/v1/models/fraud:predict", { instances: rows }));
    assert.deepEqual(v1["predictions"], [1, 0]);
    const v2 = await json(await post(infer, body));
    const [label, scores] = v2["outputs"] as { data: number[] }[];
    assert.deepEqual([v2["model_version"], label?.data], ["1", [1, 0]]);
    near(scores?.data ?? [], expected.flat());
    near([...(await binaryScores(await postBinary(post, infer)))], expected.flat());
  });

  await scenario("a version that is named is the one that answers", async () => {
    for (const version of [1, 2]) {
      const reply = await postBinary(post, `/v2/models/fraud/versions/${version}/infer`);
      if (version === 2) {
        // Loaded there, but not in the document: it is nobody's to ask for.
        assert.equal(reply.status, 404);
      } else near([...(await binaryScores(reply))].slice(0, 2), softmax([1, 2 + version]));
    }
  });

  await scenario("strings and whole numbers go both ways", async () => {
    const inputs = [
      { name: "ids", datatype: "INT64", shape: [2], data: [1, -2] },
      { name: "words", datatype: "BYTES", shape: [2], data: ["größer", ""] },
    ];
    const reply = await json(await post("/v2/models/text/infer", { inputs }));
    const outputs = reply["outputs"] as { name: string; data: unknown[] }[];
    assert.deepEqual(
      outputs.map(({ name, data }) => [name, data]),
      [
        ["doubled", [2, -4]],
        ["echo", ["größer", ""]],
      ],
    );
    const instances = [{ ids: 7, words: "ß" }];
    const predicted = await json(await post("/v1/models/text:predict", { instances }));
    assert.deepEqual(predicted["predictions"], [{ doubled: 14, echo: "ß" }]);
  });

  for (const [datatype, bits] of Object.entries({ FP16: [0x3c00, 0xc100], BF16: [0x3f80, 0xc020] })) {
    await scenario(`${datatype}, which Triton has in no JSON, goes both ways in JSON and in binary`, async () => {
      const path = `/v2/models/${datatype.toLowerCase()}/infer`;
      const input = { name: "in", datatype, shape: [2] };
      const reply = await json(await post(path, { inputs: [{ ...input, data: [1, -2.5] }] }));
      assert.deepEqual((reply["outputs"] as { data: number[] }[])[0]?.data, [1, -2.5]);
      const sent = Buffer.from(Uint16Array.from(bits).buffer);
      const binary = await postRaw(post, path, { ...input, bytes: sent }, { binary_data_output: true });
      assert.equal(binary.status, 200);
      assert.deepEqual(Buffer.from(await binary.bytes()).subarray(-4), sent);
    });
  }

  await scenario("numbers that are none, which Triton writes as no JSON has them, are told", async () => {
    const bytes = Buffer.from(Float32Array.of(NaN, 1, 2).buffer);
    const reply = await postRaw(post, infer, { name: "input", datatype: "FP32", shape: [1, 3], bytes });
    const { error } = await json(reply, 422);
    assert.match(String(error), /^output "probabilities": element 0 is not a finite number/);
  });

  await scenario("the gateway's metrics and Triton's count the same requests", async () => {
    const counted = async (): Promise<number> => {
      const all = await Promise.all(
        tritons.map(async (triton) => samplesOf(await triton.metrics(), "nv_inference_count")),
      );
      const ofFraud = all
        .flatMap((samples) => Object.entries(samples))
        .filter(([labels]) => labels.includes('"fraud"'));
      return ofFraud.reduce((sum, [, count]) => sum + count, 0);
    };
    const sum = async (): Promise<number> => {
      const samples = Object.entries(await metric("gateway_request_total"));
      return samples.filter(([labels]) => labels.includes('"fraud"')).reduce((total, [, count]) => total + count, 0);
    };
    const [before, sentBefore] = [await counted(), await sum()];
    for (let sent = 0; sent < 10; sent++) assert.equal((await post(infer, body)).status, 200);
    assert.deepEqual([(await counted()) - before, (await sum()) - sentBefore], [10, 10]);
  });
}

async function refusing({ post, metric }: TritonWorld, { scenario }: Scenarios): Promise<void> {
  const input = (shape: number[], data: unknown[], name = "input", datatype = "FP32") => ({
    inputs: [{ name, datatype, shape, data }],
  });
  const cases: readonly (readonly [string, string | object, RegExp])[] = [
    ["a body that is no JSON", "{", /not valid JSON/],
    ["an empty body", "", /body is empty/],
    ["a list", "[]", /must be a JSON object/],
    ["another width", input([1, 4], [1, 2, 3, 4]), /input "input": expected the shape \[-1, 3\]/],
    ["too few values", input([1, 3], [1, 2]), /input "input"/],
    ["a string among numbers", input([1, 3], [1, 2, "x"]), /input "input"/],
    ["an unknown input", input([1, 3], [1, 2, 3], "inputt"), /"inputt" is unknown/],
    ["another datatype", input([1, 3], [1, 2, 3], "input", "INT64"), /expected the datatype FP32/],
    ["an unknown output", { ...body, outputs: [{ name: "nope" }] }, /"nope" is unknown/],
  ];
  for (const [name, sent, expected] of cases) {
    await scenario(`${name} is a 400 in the gateway's words, not Triton's 500`, async () => {
      const text = typeof sent === "string" ? Buffer.from(sent) : sent;
      const reply = await post(infer, text);
      assert.equal(reply.status, 400);
      assert.match(String((await json(reply, 400))["error"]), expected);
    });
  }

  await scenario("a model that fails on an input is a 500 that says nothing of the inside", async () => {
    const reply = await post("/v2/models/picky/infer", input([1, 3], [11, 2, 3]));
    const { error } = await json(reply, 500);
    assert.equal(error, "version 1 of picky failed on this input");
    assert.deepEqual(await metric("gateway_request_errors_total"), {
      '{model="picky",version="1",phase="stable"}': 1,
    });
  });
}

async function swapping(world: TritonWorld, { scenario }: Scenarios): Promise<void> {
  const { post, get, serve, deploy } = world;
  const servedNow = async (): Promise<string | null> => (await post(infer, body)).headers.get("x-mmsp-version");

  const stableNow = async (): Promise<number | undefined> => {
    const { models } = (await (await get("/status")).json()) as Status;
    const found = models.find(({ model }) => model === "fraud");
    return found?.canary === null ? found.stable?.version : undefined;
  };

  await scenario("versions are swapped under load, there and here, without a failed request", async () => {
    await using load = startLoad(world);
    for (const [from, to] of [
      [1, 2],
      [2, 3],
    ] as const) {
      for (const triton of world.tritons) await serve(triton, [from, to]);
      deploy(from, to);
      await until(`canary ${to}`, async () => (await servedNow()) === String(to));
      deploy(to);
      await until(`stable ${to}`, async () => (await stableNow()) === to);
      for (const triton of world.tritons) await serve(triton, [to]);
    }
    const { statuses, versions } = await load.stop();
    assert.deepEqual(Object.keys(statuses), ["200"], JSON.stringify(statuses));
    assert.deepEqual(Object.keys(versions), ["1", "2", "3"], JSON.stringify(versions));
    process.stdout.write(`  ${JSON.stringify(versions)} requests by version\n`);
  });

  await scenario("a model that Triton refuses gets no traffic, is told, and takes nothing else with it", async () => {
    const broken = { ...fraud, 4: new Uint8Array([1, 2, 3]) };
    for (const triton of world.tritons) await assert.rejects(serve(triton, [3, 4], broken), /RepositoryModelLoad/);
    deploy(3, 4);
    await until("it is told", async () =>
      JSON.stringify(await (await get("/status")).json()).includes("version 4 of fraud"),
    );
    const { problems } = (await (await get("/status")).json()) as Status;
    process.stdout.write(`  ${problems.map(({ message }) => message).join("\n  ")}\n`);
    assert.deepEqual(
      problems.map(({ code }) => code),
      ["version-not-on-server"],
    );
    for (let sent = 0; sent < 20; sent++) assert.equal(await servedNow(), "3");
  });

  await scenario("loaded after all, it gets its share", async () => {
    for (const triton of world.tritons) await serve(triton, [3, 4]);
    await until("it answers", async () => (await servedNow()) === "4");
  });

  await oddReplies(world, { scenario });
  deploy(3);
}

async function leaving(world: TritonWorld, { scenario }: Scenarios): Promise<void> {
  const { get, post, serve } = world;
  const answered = async (at: 0 | 1): Promise<number> => {
    const samples = Object.entries(samplesOf(await world.tritons[at].metrics(), "nv_inference_count"));
    return samples.reduce((sum, [labels, count]) => sum + (labels.includes('"fraud"') ? count : 0), 0);
  };
  const sharing = async (at: 0 | 1): Promise<boolean> => {
    const before = await answered(at);
    for (let sent = 0; sent < 4; sent++) await post(infer, body);
    return (await answered(at)) > before;
  };

  await scenario("a replica that unloads the model under load takes no request with it", async () => {
    for (const at of [0, 1] as const) await until("both have it", () => sharing(at));
    await using load = startLoad(world);
    await world.tritons[0].unload("fraud");
    await Bun.sleep(1000);
    const { statuses } = await load.stop();
    assert.deepEqual(Object.keys(statuses), ["200"], JSON.stringify(statuses));
  });

  await scenario("unloaded everywhere it is not ready, and it is again when it is loaded", async () => {
    await world.tritons[1].unload("fraud");
    await until("it is gone", async () => (await get("/v2/models/fraud/ready")).status === 503);
    assert.equal((await get("/health/ready")).status, 200, "the other models are served");
    for (const triton of world.tritons) await serve(triton, [3]);
    await until("it is back", async () => (await get("/v2/models/fraud/ready")).status === 200);
  });

  await scenario("a replica that is killed and comes back empty gets requests only when it has the model", async () => {
    await until("the other one has it", () => sharing(1));
    await world.restart();
    await using load = startLoad(world);
    await Bun.sleep(3000);
    assert.equal(await answered(0), 0);
    await serve(world.tritons[0], [3]);
    await until("it gets its share", () => sharing(0));
    const { statuses } = await load.stop();
    assert.deepEqual(Object.keys(statuses), ["200"], JSON.stringify(statuses));
  });
}

/** Of /status. */
interface Status {
  readonly models: readonly {
    readonly model: string;
    readonly stable: { readonly version: number } | null;
    readonly canary: object | null;
  }[];
  readonly problems: readonly { readonly code: string; readonly message: string }[];
}
