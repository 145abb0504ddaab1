import { describe, expect, test } from "bun:test";
import type { GatewayRig, Reply } from "../support/gateway-rig.ts";
import { startFakeTriton, type FakeTriton } from "../support/triton-fake.ts";
import { canary, jsonInput, rigOf } from "../support/triton-rig.ts";

const path = "/v2/models/fraud/infer";
const label = { name: "label", datatype: "INT64", shape: [2], data: [2, 2] };
const scores = { name: "probabilities", datatype: "FP32", shape: [2, 2], data: [0.5, 0.5, 0.5, 0.5] };
const inBinary = (output: object, size: number) => {
  return { ...output, data: undefined, parameters: { binary_data_size: size } };
};
const reply = (outputs: readonly object[]) => JSON.stringify({ model_name: "fraud", model_version: "2", outputs });
const sound = reply([label, scores]);

/** Version 2 answers so, with `binary` behind the JSON where that is given. */
function answers(fake: FakeTriton, json: string, binary: Buffer | null, versions = [2]): void {
  const body = Buffer.concat([Buffer.from(json), ...(binary === null ? [] : [binary])]);
  const framing = { "inference-header-content-length": String(body.length - (binary?.length ?? 0)) };
  const headers =
    binary === null
      ? { "content-type": "application/json" }
      : { "content-type": "application/octet-stream", ...framing };
  fake.trick = (request, response) => {
    if (!versions.some((version) => request.path.includes(`/versions/${version}/`))) return false;
    response.writeHead(200, headers).end(body);
    return true;
  };
}

const cameFrom = ({ headers }: Reply) => [headers.get("x-mmsp-version"), headers.get("x-mmsp-fallback-from")];
const errorsOf = (rig: GatewayRig) => rig.metric("gateway_request_errors_total");
const ofCanary = '{model="fraud",version="2",phase="canary"}';

describe("a canary's reply that is handed on byte for byte is answered by stable instead, and held against it, if it", () => {
  test.each(
    (
      [
        ["is no JSON", "not json"],
        ["is cut off", sound.slice(0, -9)],
        ["is empty", "{}"],
        ["has no outputs", reply([])],
        ["lacks an output", reply([label])],
        ["has another datatype", reply([{ ...label, datatype: "INT32" }, scores])],
        ["has another rank", reply([{ ...label, shape: [2, 1] }, scores])],
        ["has too few elements", reply([{ ...label, data: [2] }, scores])],
        ["has words for numbers", reply([{ ...label, data: ["2", "2"] }, scores])],
        ["has no data", reply([{ ...label, data: undefined }, scores])],
        ["has less binary data than it says", reply([inBinary(label, 16), scores]), Buffer.alloc(8)],
        ["has more binary data than it says", reply([inBinary(label, 16), scores]), Buffer.alloc(24)],
        ["has binary data of another size", reply([inBinary(label, 8), scores]), Buffer.alloc(8)],
        ["has NaN where stable has numbers", sound.replace("0.5", "NaN")],
      ] as [string, string, Buffer?][]
    ).map(([name, json, binary]) => [name, json, binary ?? null] as const),
  )("%s", async (_, json, binary) => {
    await using fake = await startFakeTriton(["fraud/1", "fraud/2"]);
    await using rig = await rigOf({ fakes: [fake], served: canary });
    answers(fake, json, binary);
    const got = await rig.post(path, jsonInput);
    expect([got.status, ...cameFrom(got)]).toEqual([200, "1", "2"]);
    expect(await errorsOf(rig)).toEqual({ [ofCanary]: 1 });
    expect(await rig.metric("gateway_fallback_total")).toEqual({ '{model="fraud",version="2",reason="malformed"}': 1 });
    expect(rig.logged).toContainEqual(expect.objectContaining({ message: "a version failed a request" }));
  });
});

describe("a canary's reply is handed on byte for byte if it", () => {
  const long = sound.replace('[2,2],"data":[0.5', '[2, 2], "mine": 1, "data":[0.5');
  test.each(
    (
      [
        ["is sound, however it is written", {}, long],
        [
          "has whole numbers that no double holds",
          {},
          sound.replace("[2,2]}", "[9007199254740993,-9223372036854775808]}"),
        ],
        ["has some of it in binary", {}, reply([label, inBinary(scores, 16)]), Buffer.alloc(16)],
        ["has only what was asked for", { outputs: [{ name: "label" }] }, reply([label])],
        [
          "has classes, which were asked for",
          { outputs: [{ name: "probabilities", parameters: { classification: 1 } }] },
          reply([{ name: "probabilities", datatype: "BYTES", shape: [2, 1], data: ["0.5:0", "0.5:1"] }]),
        ],
      ] as [string, object, string, Buffer?][]
    ).map(([name, asked, json, binary]) => [name, asked, json, binary ?? null] as const),
  )("%s", async (_, asked, json, binary) => {
    await using fake = await startFakeTriton(["fraud/1", "fraud/2"]);
    await using rig = await rigOf({ fakes: [fake], served: canary });
    answers(fake, json, binary);
    const got = await rig.post(path, { ...jsonInput, ...asked });
    expect([got.status, ...cameFrom(got)]).toEqual([200, "2", null]);
    expect(got.text).toBe(json + (binary ?? "").toString());
    expect(await errorsOf(rig)).toEqual({});
  });
});

test("what stable's reply lacks as well is not held against the canary, and stable's is handed on", async () => {
  await using fake = await startFakeTriton(["fraud/1", "fraud/2"]);
  await using rig = await rigOf({ fakes: [fake], served: canary });
  const json = reply([label]);
  answers(fake, json, null, [1, 2]);
  const got = await rig.post(path, jsonInput);
  expect([got.status, got.text, ...cameFrom(got)]).toEqual([200, json, "1", "2"]);
  expect(await errorsOf(rig)).toEqual({});
});

test("numbers that JSON has not, from both, are held against nobody", async () => {
  await using fake = await startFakeTriton(["fraud/1", "fraud/2"]);
  await using rig = await rigOf({ fakes: [fake], served: canary });
  answers(fake, sound.replace("0.5", "NaN"), null, [1, 2]);
  const got = await rig.post(path, jsonInput);
  expect([got.status, got.json()["error"]]).toEqual([422, expect.stringContaining("element 0 is not a finite number")]);
  expect(await errorsOf(rig)).toEqual({});
});

test("stable's reply stays unread", async () => {
  await using fake = await startFakeTriton(["fraud/1", "fraud/2"]);
  await using rig = await rigOf({ fakes: [fake] });
  answers(fake, "not json", null, [1]);
  const got = await rig.post(path, jsonInput);
  expect([got.status, got.text]).toEqual([200, "not json"]);
});
