import { expect, test } from "bun:test";
import type { ServerResponse } from "node:http";
import type { GatewayRig } from "../support/gateway-rig.ts";
import { grpcClient, rawOf } from "../support/grpc.ts";
import { textModel } from "../support/models.ts";
import { startFakeTriton, type FakeTriton } from "../support/triton-fake.ts";
import { rigOf } from "../support/triton-rig.ts";
import { textSignature } from "../support/versions.ts";

/** One element as the wire has it: its length, and what no UTF-8 text begins with. */
const image = Buffer.from([4, 0, 0, 0, 0xff, 0xd8, 0xff, 0xe0]);
const inputs = textSignature.inputs.map(({ name, datatype }) => ({ name, datatype, shape: [1] }));
const ids = rawOf(new BigInt64Array([7n]));

/** Answers with what came: the model takes and gives a number and bytes. */
function echo(body: Uint8Array, jsonBytes: number, response: ServerResponse): true {
  const outputs = textSignature.outputs.map(({ name, datatype }) => {
    return { name, datatype, shape: [1], parameters: { binary_data_size: datatype === "INT64" ? 8 : 0 } };
  });
  const binary = body.subarray(jsonBytes);
  outputs.forEach(({ parameters }, at) => (parameters.binary_data_size ||= binary.length - 8 * at));
  const json = JSON.stringify({ outputs });
  response.writeHead(200, {
    "content-type": "application/octet-stream",
    "inference-header-content-length": String(json.length),
  });
  response.end(Buffer.concat([Buffer.from(json), binary]));
  return true;
}

async function textRig(fake: FakeTriton): Promise<GatewayRig> {
  fake.loaded.set("fraud/1", textSignature);
  fake.trick = ({ headers, body }, response) =>
    echo(body, Number(headers["inference-header-content-length"]), response);
  return rigOf({ fakes: [fake], served: { versions: { 1: { bytes: textModel(), signature: textSignature } } } });
}

test("bytes that are no text go through to Triton and back over gRPC, as they do over HTTP", async () => {
  await using fake = await startFakeTriton([]);
  await using rig = await textRig(fake);
  using client = grpcClient(await rig.listenGrpc());
  const raw = [ids, image];
  const answer = await client.call("ModelInfer", { model_name: "fraud", inputs, raw_input_contents: raw });
  expect([answer.status, answer.details]).toEqual(["OK", ""]);
  expect(answer.reply["raw_output_contents"]).toEqual(raw.map((bytes) => Buffer.from(bytes).toString("base64")));

  const json = JSON.stringify({
    inputs: inputs.map((input, at) => ({ ...input, parameters: { binary_data_size: raw[at]?.length } })),
  });
  const headers = { "inference-header-content-length": String(json.length) };
  const body = Buffer.concat([Buffer.from(json), ...raw]);
  expect((await rig.send("/v2/models/fraud/infer", { method: "POST", body, headers })).status).toBe(200);
  expect(await rig.metric("gateway_request_errors_total")).toEqual({});
});

test("bytes that are no text in an answer that has to be JSON are a 422 that says so, and no fault", async () => {
  await using fake = await startFakeTriton([]);
  await using rig = await textRig(fake);
  fake.trick = ({ headers, body }, response) => {
    const jsonBytes = Number(headers["inference-header-content-length"]);
    return echo(Buffer.concat([body.subarray(0, jsonBytes + 8), image]), jsonBytes, response);
  };
  const reply = await rig.post("/v1/models/fraud:predict", { instances: [{ ids: 7, words: "a" }] });
  expect([reply.status, reply.json()["error"]]).toEqual([
    422,
    expect.stringMatching(/^output "echo": is no UTF-8 text, which JSON cannot carry; ask for binary data/),
  ]);
  expect(await rig.metric("gateway_request_errors_total")).toEqual({});
});
