/** Floats of 16 bits, by every protocol, to a model server that has them in binary alone, as Triton has, and to a model in the gateway. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Signature } from "../../schemas/model-version.ts";
import type { Tensor } from "../../schemas/tensor.ts";
import { createTriton } from "../../gateway/edges/triton/triton.ts";
import { createUpstream } from "../../gateway/edges/upstream/upstream.ts";
import { binaryOutputs, binaryRequest } from "../support/binary-request.ts";
import { startRig, type GatewayRig } from "../support/gateway-rig.ts";
import { grpcClient, rawOf } from "../support/grpc.ts";
import { encodeModel, operation, tensor } from "../support/onnx.ts";
import { servingTree } from "../support/serving-tree.ts";
import { sendJson, startFakeTriton, type FakeTriton } from "../support/triton-fake.ts";
import { splitReply } from "../support/triton-wire.ts";

const values = [1, -2.5, 65_280, 0.15625];
/** The same numbers as bits. */
const bits = {
  FP16: Uint16Array.of(0x3c00, 0xc100, 0x7bf8, 0x3100),
  BF16: Uint16Array.of(0x3f80, 0xc020, 0x477f, 0x3e20),
} as const;

type Sixteen = keyof typeof bits;

function signatureOf(datatype: Sixteen): Signature {
  const shape = [-1, 2];
  return { inputs: [{ name: "in", datatype, shape }], outputs: [{ name: "out", datatype, shape }] };
}

/** What comes in, comes out; the refusals are a real Triton's. */
const echo: FakeTriton["trick"] = ({ headers, body }, response) => {
  const jsonBytes = headers["inference-header-content-length"];
  const { entries, binary } = splitReply(body, Number(jsonBytes ?? body.length), "inputs");
  const [input] = entries;
  if (input === undefined) return false;
  const refuse = (way: string) =>
    sendJson(response, 400, { error: `${way} ${input.datatype} data via JSON is not supported.` });
  if (input.data !== undefined) return refuse("receiving");
  const head = JSON.parse(body.toString("utf8", 0, Number(jsonBytes))) as {
    readonly parameters?: { readonly binary_data_output?: boolean };
    readonly outputs?: readonly { readonly parameters?: { readonly binary_data?: boolean } }[];
  };
  if (!(head.outputs?.[0]?.parameters?.binary_data ?? head.parameters?.binary_data_output)) return refuse("sending");
  const output = { ...input, name: "out", parameters: { binary_data_size: binary.length } };
  const json = JSON.stringify({ model_name: "half", model_version: "1", outputs: [output] });
  const type = { "content-type": "application/octet-stream" };
  response.writeHead(200, { ...type, "inference-header-content-length": String(json.length) });
  response.end(Buffer.concat([Buffer.from(json), binary]));
  return true;
};

describe.each<[Sixteen, "triton" | "embedded"]>([
  ["FP16", "triton"],
  ["BF16", "triton"],
  // ONNX Runtime's binding has no bfloat16.
  ["FP16", "embedded"],
])("%s, %s", (datatype, backend) => {
  const input = { name: "in", datatype, shape: [2, 2] };
  const sent: Tensor = { ...input, data: bits[datatype] };
  const infer = "/v2/models/half/infer";
  let fake: FakeTriton;
  let rig: GatewayRig;
  beforeAll(async () => {
    const signature = signatureOf(datatype);
    fake = await startFakeTriton([]);
    fake.loaded.set("half/1", signature);
    fake.trick = echo;
    const graph = {
      operations: [operation("Identity", ["in"], ["out"])],
      inputs: [tensor("in", "float16", ["n", 2])],
      outputs: [tensor("out", "float16", ["n", 2])],
    };
    const half = { versions: { 1: { bytes: encodeModel({ graph }), signature } } };
    const isServer = backend === "triton";
    const policy = { backend, addresses: { triton: [fake.url] }, artifactStore: "s3://bucket/models" };
    const files = servingTree({ half }, isServer ? policy : {});
    const documents = Object.entries(files).filter(([path]) => !isServer || !path.startsWith("store/"));
    const deps = isServer ? { server: createTriton({ open: createUpstream }) } : {};
    rig = await startRig(Object.fromEntries(documents), deps);
  });
  afterAll(async () => {
    await rig[Symbol.asyncDispose]();
    await fake[Symbol.asyncDispose]();
  });

  async function outputOf(init: RequestInit): Promise<unknown> {
    const reply = await rig.app.handle(new Request(`http://localhost${infer}`, init));
    const bytes = await reply.bytes();
    if (reply.status !== 200) throw new Error(new TextDecoder().decode(bytes));
    return binaryOutputs(bytes, reply.headers.get("inference-header-content-length")).get("out");
  }

  const json = (fields: object): RequestInit => ({
    method: "POST",
    body: JSON.stringify({ inputs: [{ ...input, data: values }], ...fields }),
    headers: { "content-type": "application/json" },
  });
  const parameters = { binary_data_output: true };

  test("JSON in and out", async () => {
    expect(await outputOf(json({}))).toEqual({ ...input, name: "out", data: values });
  });

  test("JSON in, binary out", async () => {
    expect(await outputOf(json({ parameters }))).toEqual({ ...sent, name: "out" });
  });

  test("binary in, JSON out", async () => {
    expect(await outputOf(binaryRequest([sent]))).toEqual({ ...input, name: "out", data: values });
  });

  test("binary in and out, bit for bit", async () => {
    expect(await outputOf(binaryRequest([sent], { parameters }))).toEqual({ ...sent, name: "out" });
  });

  test("rows", async () => {
    const reply = await rig.post("/predict", { model: "half", instances: [values.slice(0, 2), values.slice(2)] });
    expect(reply.json()).toMatchObject({ predictions: [values.slice(0, 2), values.slice(2)] });
  });

  test("gRPC, whose raw contents alone have them", async () => {
    using client = grpcClient(await rig.listenGrpc());
    const raw = rawOf(bits[datatype]);
    const request = { model_name: "half", inputs: [input], raw_input_contents: [raw] };
    const { status, reply } = await client.call("ModelInfer", request);
    expect(status).toBe("OK");
    expect(reply).toMatchObject({
      outputs: [{ name: "out", datatype, shape: ["2", "2"] }],
      raw_output_contents: [raw.toString("base64")],
    });
  });
});
