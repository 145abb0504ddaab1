import { once } from "node:events";
import { connect, type ClientHttp2Session } from "node:http2";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startRig, type GatewayRig } from "../support/gateway-rig.ts";
import { encodeMessage, rawOf } from "../support/grpc.ts";
import { linearModel } from "../support/models.ts";
import { servingTree } from "../support/serving-tree.ts";

const infer = encodeMessage("ModelInferRequest", {
  model_name: "fraud",
  inputs: [{ name: "input", datatype: "FP32", shape: [1, 3] }],
  raw_input_contents: [rawOf(Float32Array.of(0, 0, 0))],
});

let rig: GatewayRig;
let session: ClientHttp2Session;
beforeAll(async () => {
  rig = await startRig(servingTree({ fraud: { versions: { 1: linearModel() } } }));
  session = connect(`http://127.0.0.1:${await rig.listenGrpc()}`);
});
afterAll(async () => {
  session.destroy();
  await rig[Symbol.asyncDispose]();
});

describe("what no client library sends is answered", () => {
  test.each<[string, string, Record<string, string>, Buffer]>([
    ["OK: a message that says that it is not compressed", "0", { "grpc-encoding": "identity" }, message(infer)],
    ["OK: a time-out of years", "0", { "grpc-timeout": "99999999H" }, message(infer)],
    ["DEADLINE_EXCEEDED: a time-out that is over", "4", { "grpc-timeout": "0m" }, message(infer)],
    ["INVALID_ARGUMENT: a time-out without a unit", "3", { "grpc-timeout": "100" }, message(infer)],
    ["INVALID_ARGUMENT: a time-out of another unit", "3", { "grpc-timeout": "100s" }, message(infer)],
    ["INVALID_ARGUMENT: a time-out of nine digits", "3", { "grpc-timeout": "123456789m" }, message(infer)],
    ["INVALID_ARGUMENT: a negative time-out", "3", { "grpc-timeout": "-1S" }, message(infer)],
    ["INVALID_ARGUMENT: no message", "3", {}, Buffer.alloc(0)],
    ["INVALID_ARGUMENT: two messages", "3", {}, Buffer.concat([message(infer), message(infer)])],
    ["INVALID_ARGUMENT: half a message", "3", {}, message(infer).subarray(0, -1)],
    ["INVALID_ARGUMENT: another prefix", "3", {}, message(infer, 2)],
    ["INVALID_ARGUMENT: a compressed message that does not say how", "3", {}, message(infer, 1)],
    ["INVALID_ARGUMENT: no gzip", "3", { "grpc-encoding": "gzip" }, message(infer, 1)],
    ["UNIMPLEMENTED: an encoding that is not known", "12", { "grpc-encoding": "snappy" }, message(infer, 1)],
  ])("%s", async (_, status, headers, body) => {
    const answer = await send(headers, body);
    expect(answer).toMatchObject({ ":status": 200, "content-type": "application/grpc", "grpc-status": status });
    if (status !== "0") expect(answer["grpc-accept-encoding"]).toBe("identity,gzip,deflate");
  });

  test.each<[string, number, Record<string, string>]>([
    ["a method of HTTP that gRPC does not use", 405, { ":method": "PUT" }],
    ["another content type", 415, { "content-type": "application/json" }],
    ["messages that are no protobuf", 415, { "content-type": "application/grpc+json" }],
    ["gRPC for browsers", 415, { "content-type": "application/grpc-web" }],
  ])("as HTTP has it: %s", async (_, status, headers) => {
    expect(await send(headers, message(infer))).toMatchObject({ ":status": status });
  });
});

/** One message as gRPC frames it. */
function message(bytes: Buffer, flag = 0): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(flag);
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}

/** Headers and trailers of the answer, together. */
async function send(headers: Readonly<Record<string, string>>, body: Buffer): Promise<Record<string, unknown>> {
  const call = session.request({
    ":method": "POST",
    ":path": "/inference.GRPCInferenceService/ModelInfer",
    "content-type": "application/grpc",
    ...headers,
  });
  const answer = {};
  call.on("response", (got) => Object.assign(answer, got)).on("trailers", (got) => Object.assign(answer, got));
  call.end(body);
  call.resume();
  await once(call, "close");
  return answer;
}
