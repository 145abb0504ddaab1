import { afterEach, describe, expect, test } from "bun:test";
import type { LoadedModel, ModelServer } from "../../../../gateway/core/ports.ts";
import { createTriton } from "../../../../gateway/edges/triton/triton.ts";
import { createUpstream } from "../../../../gateway/edges/upstream/upstream.ts";
import { linearModel } from "../../../support/models.ts";
import { sendJson, startFakeTriton, type FakeTriton } from "../../../support/triton-fake.ts";
import { linearSignature, modelVersion } from "../../../support/versions.ts";

const twoRows = [
  { name: "input", datatype: "FP32", shape: [2, 3], data: new Float32Array([1, 2, 3, 4, 5, 6]) },
] as const;
const bytes = linearModel();
const open: AsyncDisposable[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one[Symbol.asyncDispose]()));
});

async function fake(versions?: readonly string[]): Promise<FakeTriton> {
  const started = await startFakeTriton(versions);
  open.unshift(started);
  return started;
}

function server(intervalMs = 20): ModelServer & { changed(): Promise<void> } {
  const triton = createTriton({ open: createUpstream, intervalMs });
  open.unshift({ [Symbol.asyncDispose]: () => triton.close() });
  return { ...triton, changed: () => once(triton) };
}

function once(triton: ModelServer): Promise<void> {
  return new Promise((resolve) => {
    const stop = triton.watch(() => (stop(), resolve()));
  });
}

const find = (triton: ModelServer, fakes: readonly { readonly url: string }[], version = 1): Promise<LoadedModel> =>
  triton.find(
    modelVersion(bytes, { version }),
    fakes.map(({ url }) => url),
  );
const codeOf = (model: LoadedModel) => model.absence?.()?.code ?? null;
const messageOf = (model: LoadedModel) => model.absence?.()?.message;

async function errorOf(work: Promise<unknown>): Promise<Error> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("it did not fail");
}

describe("a version that Triton has", () => {
  test("answers with the outputs of the signature, in binary both ways", async () => {
    const one = await fake();
    const model = await find(server(), [one]);
    expect([codeOf(model), model.place]).toEqual([null, "server"]);
    const outputs = await model.infer(twoRows);
    expect(outputs).toMatchObject([
      { name: "label", datatype: "INT64", shape: [2], data: new BigInt64Array([1n, 1n]) },
      { name: "probabilities", shape: [2, 2], data: new Float32Array([0.25, 0.75, 0.25, 0.75]) },
    ]);
    const [request] = one.inferred;
    expect(request?.path).toBe("/v2/models/fraud/versions/1/infer");
    expect(request?.body.subarray(Number(request.headers["inference-header-content-length"])).length).toBe(24);
  });

  test("is absent from the moment that it is unloaded, and back when it is loaded again", async () => {
    const one = await fake(["fraud/1", "fraud/2"]);
    const triton = server();
    const [first, second] = [await find(triton, [one]), await find(triton, [one], 2)];
    one.loaded.delete("fraud/2");
    await triton.changed();
    expect([codeOf(first), codeOf(second)]).toEqual([null, "version-not-on-server"]);
    expect(messageOf(second)).toContain(`${one.url}: it is not loaded there`);
    one.loaded.set("fraud/2", linearSignature());
    await triton.changed();
    expect(codeOf(second)).toBeNull();
  });

  test("is not asked for twice by those that are told that it is gone: a request says it first", async () => {
    const one = await fake();
    const triton = server(60_000);
    const model = await find(triton, [one]);
    one.loaded.clear();
    const changed = triton.changed();
    expect(await errorOf(model.infer(twoRows))).toMatchObject({ name: "Unavailable" });
    await changed;
    expect(codeOf(model)).toBe("version-not-on-server");
  });

  test("waits for what runs before it is closed, and takes nothing more", async () => {
    const one = await fake();
    const model = await find(server(), [one]);
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
    one.trick = async () => (arrive(), await answered, false);
    const running = model.infer(twoRows);
    await arrived;
    const closed = model.close();
    expect(await errorOf(model.infer(twoRows))).toMatchObject({ name: "Unavailable" });
    answer();
    expect(await running).toHaveLength(2);
    await closed;
  });
});

describe("what is loaded there is not what was registered", () => {
  const registered = linearSignature();
  test.each([
    ["another width", linearSignature(4), /its input "input" is FP32 \[-1,4\], and FP32 \[-1,3\] was registered/],
    ["an output less", { ...registered, outputs: registered.outputs.slice(0, 1) }, /it has no output "probabilities"/],
    [
      "an input more",
      { ...registered, inputs: [...registered.inputs, { name: "mask", datatype: "BOOL" as const, shape: [-1] }] },
      /it wants inputs that nobody registered: "mask"/,
    ],
  ])("%s: it is not served, and the difference is told", async (_, signature, message) => {
    const one = await fake();
    one.loaded.set("fraud/1", signature);
    const model = await find(server(), [one]);
    expect(codeOf(model)).toBe("version-differs-on-server");
    expect(messageOf(model)).toMatch(message);
  });

  test("nothing of a made-up row is answered: it is not served", async () => {
    const one = await fake();
    one.trick = (_, response) => sendJson(response, 500, { error: "numpy is too new\n  at /srv/model.py" });
    const model = await find(server(), [one]);
    expect(messageOf(model)).toContain("answers no made-up row: the model server answered 500: numpy is too new)");
  });
});

describe("several replicas", () => {
  test("share the requests, and one that is down gets none", async () => {
    const [one, two] = [await fake(), await fake()];
    const triton = server();
    const model = await find(triton, [one, two]);
    while (one.inferred.length === 0 || two.inferred.length === 0) await model.infer(twoRows);
    await two.stop();
    // Those that it was chosen for before anybody knew go to the other one: nothing of them was sent.
    for (let sent = 0; sent < 20; sent++) expect(await model.infer(twoRows)).toHaveLength(2);
    expect(codeOf(model)).toBeNull();
  });

  test("the least busy one is asked", async () => {
    const fakes = [await fake(), await fake()];
    const model = await find(server(), fakes);
    while (fakes.some(({ inferred }) => inferred.length === 0)) await model.infer(twoRows);
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const { promise: taken, resolve: take } = Promise.withResolvers<FakeTriton>();
    for (const one of fakes) one.trick = async () => (take(one), await held, false);
    const slow = model.infer(twoRows);
    const busy = await taken;
    for (const one of fakes) if (one !== busy) one.trick = null;
    const before = busy.inferred.length;
    for (let sent = 0; sent < 5; sent++) await model.infer(twoRows);
    expect(busy.inferred.length).toBe(before);
    release();
    expect(await slow).toHaveLength(2);
  });

  test("one that says 503 is passed over for another, and a version goes where it is", async () => {
    const [one, two] = [await fake(["fraud/1"]), await fake(["fraud/1", "fraud/2"])];
    const triton = server();
    const model = await find(triton, [one, two]);
    one.trick = (_, response) => sendJson(response, 503, { error: "'fraud' version 1 is not at ready state" });
    for (let sent = 0; sent < 10; sent++) expect(await model.infer(twoRows)).toHaveLength(2);
    const second = await find(triton, [one, two], 2);
    const before = one.inferred.length;
    for (let sent = 0; sent < 5; sent++) await second.infer(twoRows);
    expect(one.inferred.length).toBe(before);
  });

  test("a request that was cut off is not sent to another one: it may have been run", async () => {
    const [one, two] = [await fake(), await fake()];
    const model = await find(server(), [one, two]);
    while (one.inferred.length === 0 || two.inferred.length === 0) await model.infer(twoRows);
    const before = one.inferred.length + two.inferred.length;
    for (const each of [one, two]) {
      each.trick = (_, response) => {
        response.writeHead(200, { "content-type": "application/octet-stream", "content-length": "500" });
        response.write("{", () => response.socket?.destroy());
        return true;
      };
    }
    expect(await errorOf(model.infer(twoRows))).toMatchObject({ name: "InferenceError" });
    expect(one.inferred.length + two.inferred.length).toBe(before + 1);
  });
});

describe("a Triton that misbehaves", () => {
  const message = (head: object, binary = Buffer.alloc(0)) => {
    const json = Buffer.from(JSON.stringify(head));
    return { headers: { "Inference-Header-Content-Length": String(json.length) }, body: Buffer.concat([json, binary]) };
  };
  const label = (size: number, shape: unknown = [2]) => ({
    name: "label",
    datatype: "INT64",
    shape,
    parameters: { binary_data_size: size },
  });
  const html = { headers: { "content-type": "text/html" }, body: Buffer.from("<html>gateway time-out</html>") };
  test.each([
    ["HTML", html],
    ["a size that is not there", message({ outputs: [label(16)] }, Buffer.alloc(8))],
    ["a size that is not that of the shape", message({ outputs: [label(8)] }, Buffer.alloc(8))],
    ["a negative size", message({ outputs: [label(-16)] }, Buffer.alloc(16))],
    ["a shape of another rank", message({ outputs: [label(16, [2, 1])] }, Buffer.alloc(16))],
    ["a shape that is none", message({ outputs: [label(16, "2")] }, Buffer.alloc(16))],
    ["bytes too many", message({ outputs: [label(16)] }, Buffer.alloc(32))],
    ["an output too few", message({ outputs: [label(16)] }, Buffer.alloc(16))],
    ["no outputs", message({ model_name: "fraud" })],
    ["JSON that never ends", message({ outputs: "x".repeat(1_000_000) })],
    [
      "JSON that is longer than the body",
      { headers: { "Inference-Header-Content-Length": "99" }, body: Buffer.from("{}") },
    ],
  ])("%s instead of an answer is the version's failure", async (_, { headers, body }) => {
    const one = await fake();
    const model = await find(server(), [one]);
    one.trick = (_, response) => (response.writeHead(200, headers as Record<string, string>).end(body), true);
    expect(await errorOf(model.infer(twoRows))).toMatchObject({ name: "InferenceError" });
  });

  test.each([
    [400, { error: "[request id: <id_unknown>] batch-size must be <= 8 for 'fraud'. " }, "InputRefused", /^batch-size/],
    [500, { error: "Failed at /srv/models/fraud/1/model.py\n  line 3" }, "InferenceError", /500: Failed at …$/],
    [503, { error: "Exceeds maximum queue size" }, "Overloaded", /queue/],
    [502, "<html>", "InferenceError", /502: without a message/],
  ])("its status %d is a %p", async (status, body, name, said) => {
    const one = await fake();
    const model = await find(server(), [one]);
    one.trick = (_, response) => sendJson(response, status, body);
    const error = await errorOf(model.infer(twoRows));
    expect([error.name, error.message]).toEqual([name, expect.stringMatching(said)]);
  });

  test("one that never answers is given up when the time is over", async () => {
    const one = await fake();
    const model = await find(server(), [one]);
    one.trick = () => true;
    expect(await errorOf(model.infer(twoRows, 50))).toMatchObject({ name: "DeadlineExceeded" });
  });

  test("one that a caller waits for no more is given up, and goes on being asked by others", async () => {
    const one = await fake();
    const model = await find(server(), [one]);
    const leaving = new AbortController();
    one.trick = () => (leaving.abort(), true);
    const given = [twoRows, 5000, () => leaving.signal] as const;
    expect(await errorOf(model.infer(...given))).toMatchObject({ name: "CallerGone" });
    expect(await errorOf(model.infer(...given))).toMatchObject({ name: "CallerGone" });
    one.trick = null;
    expect(await model.infer(twoRows)).toHaveLength(2);
  });

  test("one that says that it is not live has nothing, whatever it said before", async () => {
    const one = await fake();
    const triton = server();
    const model = await find(triton, [one]);
    one.live = false;
    await triton.changed();
    expect(messageOf(model)).toContain("it says that it is not live");
    one.live = true;
    await triton.changed();
    expect(codeOf(model)).toBeNull();
  });
});
