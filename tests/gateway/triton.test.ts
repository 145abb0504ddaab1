import { describe, expect, test } from "bun:test";
import { readSettings } from "../../schemas/settings.ts";
import type { GatewayRig, Reply } from "../support/gateway-rig.ts";
import { sendJson, startFakeTriton, type FakeTriton } from "../support/triton-fake.ts";
import { canary, jsonInput, rigOf, rows, until } from "../support/triton-rig.ts";
import { binaryRequest, splitReply } from "../support/triton-wire.ts";
import { linearSignature } from "../support/versions.ts";

function postBinary(rig: GatewayRig, path: string): Promise<Reply> {
  const { body, jsonBytes } = binaryRequest(rows);
  const headers = { "inference-header-content-length": String(jsonBytes) };
  return rig.send(path, { method: "POST", body, headers });
}

const phaseOf = ({ headers }: Reply) =>
  ["version", "phase", "fallback-from"].map((name) => headers.get(`x-mmsp-${name}`));
const problemsOf = async (rig: GatewayRig) => (await rig.get("/status")).json()["problems"];

describe("a gateway in front of Triton", () => {
  test("serves versions without reading their files, rows translated to tensors", async () => {
    await using one = await startFakeTriton(["fraud/1"]);
    await using rig = await rigOf({ fakes: [one] });
    expect((await rig.get("/health/ready")).status).toBe(200);
    const reply = await rig.post("/predict", { model: "fraud", instances: rows });
    expect(reply.json()).toMatchObject({ predictions: [1, 1], model_name: "fraud", model_version: "1" });
    const v1 = await rig.post("/v1/models/fraud:predict", { instances: rows });
    expect(v1.json()).toMatchObject({ predictions: [1, 1] });
    for (const { path, headers } of one.inferred) {
      expect(path).toBe("/v2/models/fraud/versions/1/infer");
      expect(headers["inference-header-content-length"]).toBeString();
    }
    const [model] = (await rig.get("/status")).json()["models"] as { loaded: unknown }[];
    expect(model?.loaded).toMatchObject([{ version: 1, place: "server" }]);
  });

  test("hands requests of the protocol on as they came, JSON and binary, and the replies back", async () => {
    await using one = await startFakeTriton(["fraud/1"]);
    await using rig = await rigOf({ fakes: [one] });
    // Spaces and a field that nobody knows: what is read is written otherwise.
    const body = `{ "mine": 1,  "inputs": ${JSON.stringify(jsonInput.inputs)} }`;
    const reply = await rig.send("/v2/models/fraud/infer", { method: "POST", body });
    expect([reply.status, reply.headers.get("content-type")]).toEqual([200, "application/json"]);
    expect(reply.json()).toMatchObject({ model_version: "1", outputs: [{ name: "label", data: [1, 1] }, {}] });
    expect(phaseOf(reply)).toEqual(["1", "stable", null]);
    expect(one.inferred.at(-1)?.body.toString()).toBe(body);

    const binary = await postBinary(rig, "/v2/models/fraud/versions/1/infer");
    expect(one.inferred.at(-1)?.body).toEqual(Buffer.from(binaryRequest(rows).body));
    expect(binary.headers.get("content-type")).toBe("application/octet-stream");
    const { entries } = splitReply(
      Buffer.from(binary.text),
      Number(binary.headers.get("inference-header-content-length")),
      "outputs",
    );
    expect(entries.map(({ name, shape }) => [name, shape])).toEqual([
      ["label", [2]],
      ["probabilities", [2, 2]],
    ]);
    expect(await rig.metric("gateway_request_total")).toMatchObject({
      '{model="fraud",version="1",phase="stable"}': 1,
      '{model="fraud",version="1",phase="explicit"}': 1,
    });
  });

  test.each([
    ["no JSON", "{", 400, "the body is not valid JSON"],
    ["an empty body", "", 400, "the body is empty"],
    ["no inputs", "{}", 400, '"inputs" must be a list'],
    [
      "another shape",
      JSON.stringify({ inputs: [{ name: "input", datatype: "FP32", shape: [1, 4], data: [1, 2, 3, 4] }] }),
      400,
      'input "input": expected the shape [-1, 3]',
    ],
  ])("%s is refused in the gateway's own words, whatever Triton says of it", async (_, body, status, message) => {
    await using one = await startFakeTriton(["fraud/1"]);
    await using rig = await rigOf({ fakes: [one] });
    const reply = await rig.send("/v2/models/fraud/infer", { method: "POST", body });
    expect(reply.status).toBe(status);
    expect(reply.json()["error"]).toContain(message);
    expect(await rig.metric("gateway_request_errors_total")).toEqual({});
  });

  test("signs each of many replies that it hands on at once as its own, JSON and binary", async () => {
    await using one = await startFakeTriton(["fraud/1"]);
    await using rig = await rigOf({ fakes: [one] });
    const { body: binary, jsonBytes } = binaryRequest(rows);
    const ask = (id: string, isBinary: boolean): Promise<Reply> => {
      const framing = isBinary ? { "inference-header-content-length": String(jsonBytes) } : {};
      const body = isBinary ? binary : JSON.stringify(jsonInput);
      return rig.send("/v2/models/fraud/infer", { method: "POST", body, headers: { "x-request-id": id, ...framing } });
    };
    const ids = Array.from({ length: 24 }, (_, at) => `request-${at}`);
    const replies = await Promise.all(ids.map((id, at) => ask(id, at % 2 === 1)));
    expect(replies.map(({ headers }) => headers.get("x-mmsp-request-id"))).toEqual(ids);
    for (const [at, { headers }] of replies.entries()) {
      const isBinary = at % 2 === 1;
      expect(headers.get("content-type")).toBe(isBinary ? "application/octet-stream" : "application/json");
      expect(headers.has("inference-header-content-length")).toBe(isBinary);
    }
  });

  test("tells callers what Triton refuses, and hides why it fails", async () => {
    await using one = await startFakeTriton(["fraud/1"]);
    await using rig = await rigOf({ fakes: [one] });
    one.trick = (_, response) => sendJson(response, 400, { error: "batch-size must be <= 1 for 'fraud'" });
    const refused = await rig.post("/v2/models/fraud/infer", jsonInput);
    expect([refused.status, refused.json()["error"]]).toEqual([
      400,
      "version 1 of fraud refused the input: batch-size must be <= 1 for 'fraud'",
    ]);
    one.trick = (_, response) => sendJson(response, 500, { error: "Traceback: /srv/model.py(3)" });
    const failed = await rig.post("/v2/models/fraud/infer", jsonInput);
    expect([failed.status, failed.json()["error"]]).toEqual([500, "version 1 of fraud failed on this input"]);
    one.trick = (_, response) => (response.writeHead(200, { "content-type": "text/html" }).end("<html>"), true);
    expect((await rig.post("/v2/models/fraud/infer", jsonInput)).status).toBe(500);
    one.trick = (_, response) => sendJson(response, 503, { error: "Exceeds maximum queue size" });
    const full = await rig.post("/v2/models/fraud/infer", jsonInput);
    expect([full.status, full.headers.get("retry-after")]).toEqual([503, "1"]);
  });
});

describe("a canary on Triton that fails", () => {
  const failing: FakeTriton["trick"] = ({ path }, response) =>
    path.includes("/versions/2/") && sendJson(response, 500, { error: "no" });

  test("is answered for by stable, with the very same bytes", async () => {
    await using one = await startFakeTriton(["fraud/1", "fraud/2"]);
    await using rig = await rigOf({ fakes: [one], served: canary });
    expect(phaseOf(await postBinary(rig, "/v2/models/fraud/infer"))).toEqual(["2", "canary", null]);
    one.trick = failing;
    expect(phaseOf(await postBinary(rig, "/v2/models/fraud/infer"))).toEqual(["1", "stable", "2"]);
    const [first, second] = one.inferred.slice(-2);
    expect([first?.path, second?.path]).toEqual([2, 1].map((version) => `/v2/models/fraud/versions/${version}/infer`));
    expect(first?.body).toEqual(second?.body ?? Buffer.alloc(0));
    expect(phaseOf(await rig.post("/predict", { model: "fraud", instances: rows }))).toEqual(["1", "stable", "2"]);
    expect(await rig.metric("gateway_fallback_total")).toEqual({ '{model="fraud",version="2",reason="error"}': 2 });
  });

  test("is not blamed while it is only not there; without it stable takes all", async () => {
    await using one = await startFakeTriton(["fraud/1", "fraud/2"]);
    await using rig = await rigOf({ fakes: [one], served: canary });
    one.loaded.delete("fraud/2");
    const replies: Reply[] = [];
    await until(async () => {
      replies.push(await rig.post("/v2/models/fraud/infer", jsonInput));
      return phaseOf(replies.at(-1)!)[2] === null;
    });
    expect(replies.every(({ status }) => status === 200)).toBe(true);
    expect(await rig.metric("gateway_request_errors_total")).toEqual({});
    expect(await problemsOf(rig)).toMatchObject([{ code: "version-not-on-server" }]);
    one.loaded.set("fraud/2", one.loaded.get("fraud/1")!);
    await until(async () => phaseOf(await rig.post("/v2/models/fraud/infer", jsonInput))[0] === "2");
    expect(await problemsOf(rig)).toEqual([]);
  });
});

describe("a version that Triton has not", () => {
  test("is not ready, is told, and is served as soon as it is loaded there", async () => {
    await using one = await startFakeTriton([]);
    await using rig = await rigOf({ fakes: [one] });
    expect((await rig.get("/health/ready")).status).toBe(503);
    expect((await rig.post("/v2/models/fraud/infer", jsonInput)).status).toBe(503);
    expect(await problemsOf(rig)).toMatchObject([
      {
        code: "version-not-on-server",
        message: `version 1 of fraud is not served by Triton (${one.url}: it is not loaded there)`,
      },
    ]);
    one.loaded.set("fraud/1", linearSignature());
    await until(async () => (await rig.get("/health/ready")).status === 200);
    expect((await rig.post("/v2/models/fraud/infer", jsonInput)).status).toBe(200);
  });

  test("is described as it is registered while another version of the model answers", async () => {
    await using one = await startFakeTriton(["fraud/1"]);
    await using rig = await rigOf({ fakes: [one], served: canary });
    const reply = await rig.get("/v2/models/fraud/versions/2");
    expect([reply.status, reply.json()]).toMatchObject([200, { versions: ["1"], inputs: [{ shape: [-1, 3] }] }]);
    expect((await rig.get("/v2/models/fraud/versions/2/ready")).status).toBe(503);
  });

  test("takes readiness with it when the last replica goes, and brings it back", async () => {
    await using one = await startFakeTriton(["fraud/1"]);
    await using rig = await rigOf({ fakes: [one] });
    one.live = false;
    await until(async () => (await rig.get("/health/ready")).status === 503);
    expect((await rig.get("/v2/models/fraud/ready")).status).toBe(503);
    one.live = true;
    await until(async () => (await rig.get("/health/ready")).status === 200);
  });
});

test("replicas are found at the addresses of the variable, which stands before the file", async () => {
  await using one = await startFakeTriton(["fraud/1"]);
  const settings = readSettings({ MMSP_TRITON_URL: one.url });
  await using rig = await rigOf({ fakes: [], addresses: ["http://127.0.0.1:1"], deps: { settings } });
  expect((await rig.post("/v2/models/fraud/infer", jsonInput)).status).toBe(200);
});

test("a replica that goes away takes no request with it while another has the version", async () => {
  await using one = await startFakeTriton(["fraud/1"]);
  await using two = await startFakeTriton(["fraud/1"]);
  await using rig = await rigOf({ fakes: [one, two] });
  const statuses = new Set<number>();
  for (let sent = 0; sent < 60; sent++) {
    if (sent === 20) await two.stop();
    statuses.add((await postBinary(rig, "/v2/models/fraud/infer")).status);
  }
  expect([...statuses]).toEqual([200]);
});

test("what variables and documents set in vain is logged once", async () => {
  await using one = await startFakeTriton(["fraud/1"]);
  const settings = readSettings({ MMSP_TRITON_URL: one.url, MMSP_GATEWAY_MODEL_MEMORY_MIB: "512" });
  const served = { spec: { serving: { timeoutMs: 900, intraOpThreads: 2 } } };
  await using rig = await rigOf({ fakes: [one], served, deps: { settings } });
  await rig.reload();
  const logged = rig.logged.filter(({ message }) => message === "a setting has no effect");
  expect(logged.map(({ details }) => details)).toEqual([
    { setting: expect.stringContaining("spec.gateway.modelMemoryMib: has no effect") },
    { setting: expect.stringContaining("spec.serving.intraOpThreads: has no effect") },
  ]);
});

test("where nobody says where Triton is, the gateway says so once, and how to", async () => {
  await using rig = await rigOf({ fakes: [], addresses: [], served: canary });
  expect(await problemsOf(rig)).toEqual([
    {
      code: "triton-address-missing",
      file: "environments/dev/environment.yaml",
      path: "spec.addresses.triton",
      message: "is missing: the backend is triton, and nobody says where that is",
      hint: "list the address of each replica, such as http://triton:8000, or set MMSP_TRITON_URL",
    },
  ]);
  expect((await rig.get("/health/ready")).status).toBe(503);
});

test("an address that is none is told as that", async () => {
  await using rig = await rigOf({ fakes: [], addresses: ["http://triton:port"] });
  expect(await problemsOf(rig)).toMatchObject([
    { code: "triton-address-invalid", message: '"http://triton:port" is no address' },
  ]);
});
