import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Datatype, Signature } from "../../../schemas/model-version.ts";
import type { Tensor } from "../../../schemas/tensor.ts";
import { badInputTree } from "../../support/bad-requests.ts";
import { binaryOutputs, binaryRequest } from "../../support/binary-request.ts";
import { startRig, type GatewayRig } from "../../support/gateway-rig.ts";
import { encodeModel, operation, tensor, type ElementType } from "../../support/onnx.ts";
import { servingTree } from "../../support/serving-tree.ts";

let rig: GatewayRig;
let url: string;
beforeAll(async () => {
  rig = await startRig(badInputTree());
  rig.listen();
  url = `http://127.0.0.1:${rig.app.server?.port}`;
});
afterAll(() => rig[Symbol.asyncDispose]());

const infer = "/v2/models/words/infer";
const ids: Tensor = { name: "ids", datatype: "INT64", shape: [2], data: new BigInt64Array([3n, -(2n ** 60n)]) };
const words: Tensor = { name: "words", datatype: "BYTES", shape: [2], data: ["ä", ""] };

async function outputsOf(path: string, init: RequestInit) {
  const reply = await fetch(`${url}${path}`, init);
  const length = reply.headers.get("inference-header-content-length");
  const bytes = await reply.bytes();
  if (reply.status !== 200) throw new Error(new TextDecoder().decode(bytes));
  return { reply, length, outputs: binaryOutputs(bytes, length) };
}

describe("binary tensor data", () => {
  const doubled: Tensor = {
    name: "doubled",
    datatype: "INT64",
    shape: [2],
    data: new BigInt64Array([6n, -(2n ** 61n)]),
  };
  const echo: Tensor = { name: "echo", datatype: "BYTES", shape: [2], data: ["ä", ""] };

  test("goes in and out, all of it, where that is asked for, without any Content-Type", async () => {
    const request = binaryRequest([ids, words], { id: "7", parameters: { binary_data_output: true } });
    const { reply, length, outputs } = await outputsOf(infer, request);
    expect(reply.headers.get("content-type")).toBe("application/octet-stream");
    expect(Number(length)).toBeGreaterThan(0);
    expect([...outputs.values()]).toEqual([doubled, echo]);
    expect(reply.headers.get("x-mmsp-version")).toBe("1");
  });

  test("is read in the order of the request's inputs, not of the model's", async () => {
    const { outputs } = await outputsOf(infer, binaryRequest([words, ids]));
    expect(outputs.get("echo")).toEqual(echo);
    expect(outputs.get("doubled")).toEqual({ ...doubled, data: [6, String(-(2n ** 61n))] });
  });

  test("stands beside JSON, each output as it was asked for and in that order", async () => {
    const asked = [{ name: "echo", parameters: { binary_data: false } }, { name: "doubled" }];
    const parameters = { binary_data_output: true };
    const { outputs } = await outputsOf(infer, binaryRequest([ids, words], { parameters, outputs: asked }));
    expect([...outputs]).toEqual([
      ["echo", echo],
      ["doubled", doubled],
    ]);
  });

  test("of some outputs only, asked for by JSON alone", async () => {
    const json = JSON.stringify({
      inputs: [
        { ...ids, data: [3, String(-(2n ** 60n))] },
        { ...words, data: ["ä", ""] },
      ],
      outputs: [{ name: "doubled", parameters: { binary_data: true } }],
    });
    const headers = { "content-type": "application/json" };
    const { outputs } = await outputsOf(infer, { method: "POST", body: json, headers });
    expect([...outputs.values()]).toEqual([doubled]);
  });
});

describe("binary tensor data is refused, with what was expected, where", () => {
  const sized = (size: unknown) => ({ ...words, data: undefined, parameters: { binary_data_size: size } });
  const header = (length: string, request = binaryRequest([ids, words])) => ({
    ...request,
    headers: { "inference-header-content-length": length },
  });
  const withInputs = (inputs: object[], tail: number) => {
    const json = JSON.stringify({ inputs });
    const body = new Uint8Array([...new TextEncoder().encode(json), ...new Uint8Array(tail)]);
    return header(String(json.length), { method: "POST", body });
  };
  const idsJson = { ...ids, data: [1, 2] };

  test.each<[string, RequestInit, number, RegExp]>([
    ["the header is no number", header("many"), 400, /must be a number of bytes, at most the \d+ of the body/],
    ["the header is negative", header("-1"), 400, /must be a number of bytes/],
    ["the header is beyond the body", header("99999"), 400, /at most the \d+ of the body/],
    ["the header cuts the JSON", header("10"), 400, /not valid JSON/],
    ["the header says that there is no JSON", header("0"), 400, /body is empty/],
    [
      "the size is no number",
      withInputs([idsJson, sized("8")], 8),
      400,
      /must be a number of bytes, not the string "8"/,
    ],
    ["the size is negative", withInputs([idsJson, sized(-1)], 8), 400, /must be a number of bytes, not the number -1/],
    [
      "there is less than was said",
      withInputs([idsJson, sized(9)], 8),
      400,
      /has 9 bytes of binary data, but 8 are left/,
    ],
    [
      "there is more than was said",
      withInputs([idsJson, sized(8)], 9),
      400,
      /1 bytes of binary data belong to no input/,
    ],
    ["nothing is said of it", withInputs([idsJson, { ...words, data: ["a", "b"] }], 4), 400, /belong to no input/],
    ["it is another size than the shape's", withInputs([idsJson, sized(4)], 4), 400, /BYTES of the shape \[2\] has 2/],
    [
      "it is in another's memory",
      withInputs([idsJson, { ...words, data: undefined, parameters: { shared_memory_region: "r" } }], 0),
      422,
      /input "words": "shared_memory_region" is not supported here/,
    ],
    [
      "the classification extension is asked for",
      binaryRequest([ids, words], { outputs: [{ name: "echo", parameters: { classification: 2 } }] }),
      422,
      /output "echo": "classification" is not supported here; leave it out/,
    ],
  ])("%s", async (_, init, status, says) => {
    const reply = await rig.send(infer, init);
    expect(reply.json()).toEqual({ error: expect.stringMatching(says) });
    expect(reply.status).toBe(status);
  });
});

const types: readonly (readonly [Datatype, ElementType])[] = [
  ["BOOL", "bool"],
  ["UINT8", "uint8"],
  ["UINT16", "uint16"],
  ["UINT32", "uint32"],
  ["UINT64", "uint64"],
  ["INT8", "int8"],
  ["INT16", "int16"],
  ["INT32", "int32"],
  ["INT64", "int64"],
  ["FP16", "float16"],
  ["FP32", "float"],
  ["FP64", "double"],
  ["BYTES", "string"],
];

test("every datatype that the runtime takes comes back bit for bit, and as JSON", async () => {
  const models = types.map(([datatype, type]) => {
    const signature: Signature = {
      inputs: [{ name: "in", datatype, shape: [-1] }],
      outputs: [{ name: "out", datatype, shape: [-1] }],
    };
    const graph = {
      operations: [operation("Identity", ["in"], ["out"])],
      inputs: [tensor("in", type, ["n"])],
      outputs: [tensor("out", type, ["n"])],
    };
    return [datatype.toLowerCase(), { versions: { 1: { bytes: encodeModel({ graph }), signature } } }] as const;
  });
  await using rig = await startRig(servingTree(Object.fromEntries(models)));
  for (const [datatype] of types) {
    const path = `/v2/models/${datatype.toLowerCase()}/infer`;
    const values = datatype === "BYTES" ? ["a", "ü"] : datatype === "BOOL" ? [true, false] : [1, 0];
    const input = { name: "in", datatype, shape: [2], data: values };
    const outputs = [{ name: "out", datatype, shape: [2], data: values }];
    expect((await rig.post(path, { inputs: [input] })).json()).toMatchObject({ outputs });
    const asBinary = await rig.app.handle(
      new Request(`http://localhost${path}`, {
        method: "POST",
        body: JSON.stringify({ inputs: [input], parameters: { binary_data_output: true } }),
        headers: { "content-type": "application/json" },
      }),
    );
    const length = asBinary.headers.get("inference-header-content-length");
    const out = binaryOutputs(await asBinary.bytes(), length).get("out") as Tensor;
    const again = await rig.send(path, binaryRequest([{ ...out, name: "in" }]));
    expect(again.json()).toMatchObject({ outputs });
  }
});
