import { compressionAlgorithms } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { aRejection } from "../support/builders.ts";
import { startRig, type GatewayRig } from "../support/gateway-rig.ts";
import { grpcClient, rawOf, type GrpcClient } from "../support/grpc.ts";
import { failingModel, linearModel, textModel } from "../support/models.ts";
import { servingTree } from "../support/serving-tree.ts";
import { linearSignature, textSignature } from "../support/versions.ts";

const maxBodyBytes = 100_000;

let rig: GatewayRig;
let client: GrpcClient;
beforeAll(async () => {
  const fraud = {
    versions: { 1: linearModel(), 2: linearModel({ bias: [0, 9] }), 3: linearModel({ bias: [9, 0] }) },
    featureOrder: ["age", "amount", "hour"],
    spec: { previous: [2], rejected: [aRejection(3, { reason: "too slow" })] },
  };
  const text = { versions: { 1: { bytes: textModel(), signature: textSignature } } };
  const broken = { versions: { 1: failingModel({ limit: 10 }) } };
  rig = await startRig(servingTree({ fraud, text, broken }, { gateway: { maxBodyBytes } }));
  rig.put("environments/dev/models/lost/deployment.yaml", "spec: {\n");
  await rig.reload();
  client = grpcClient(await rig.listenGrpc());
});
afterAll(async () => {
  client[Symbol.dispose]();
  await rig[Symbol.asyncDispose]();
});

const rows = [3, 1, 0, 1, 3, 0];
const input = { name: "input", datatype: "FP32", shape: [2, 3] };
const raw = { model_name: "fraud", inputs: [input], raw_input_contents: [rawOf(Float32Array.from(rows))] };
const typed = { model_name: "fraud", inputs: [{ ...input, contents: { fp32_contents: rows } }] };
const labels = (values: number[]): string => rawOf(BigInt64Array.from(values.map(BigInt))).toString("base64");

describe("inference over gRPC", () => {
  test.each([
    ["raw", raw],
    ["typed", typed],
  ])("takes %s contents, answers raw ones, and says who answered", async (_, request) => {
    const { status, reply, metadata } = await client.call("ModelInfer", { ...request, id: "r-1" });
    expect(status).toBe("OK");
    expect(reply).toMatchObject({
      model_name: "fraud",
      model_version: "1",
      id: "r-1",
      outputs: [
        { name: "label", datatype: "INT64", shape: ["2"] },
        { name: "probabilities", datatype: "FP32", shape: ["2", "2"] },
      ],
      raw_output_contents: [labels([0, 1]), expect.any(String)],
    });
    expect(metadata.getMap()).toMatchObject({ "x-mmsp-version": "1", "x-mmsp-phase": "stable" });
  });

  test("answers by the version that is named, and only the outputs that are asked for, in that order", async () => {
    const outputs = [{ name: "probabilities" }, { name: "label" }];
    const { reply, metadata } = await client.call("ModelInfer", { ...raw, model_version: "2", outputs });
    expect(reply).toMatchObject({
      model_version: "2",
      outputs: [{ name: "probabilities" }, { name: "label" }],
      raw_output_contents: [expect.any(String), labels([1, 1])],
    });
    expect(metadata.get("x-mmsp-phase")).toEqual(["explicit"]);
  });

  test.each([
    ["gzip", compressionAlgorithms.gzip],
    ["deflate", compressionAlgorithms.deflate],
  ])("takes messages that are compressed by %s", async (_, compression) => {
    using compressing = grpcClient(await rig.listenGrpc(), { compression });
    expect((await compressing.call("ModelInfer", raw)).status).toBe("OK");
  });

  test("carries text and whole numbers, in the caller's order of inputs", async () => {
    const words = { name: "words", datatype: "BYTES", shape: [2] };
    const ids = { name: "ids", datatype: "INT64", shape: [2] };
    const bytes = [Buffer.from("é"), Buffer.from("")].flatMap((text) => [rawOf(Uint32Array.of(text.length)), text]);
    const expected = [labels([6, -8]), Buffer.concat(bytes).toString("base64")];
    const typed = [
      { ...words, contents: { bytes_contents: [Buffer.from("é"), Buffer.from("")] } },
      { ...ids, contents: { int64_contents: [3, -4] } },
    ];
    const asTyped = await client.call("ModelInfer", { model_name: "text", inputs: typed });
    expect(asTyped.reply).toMatchObject({ raw_output_contents: expected });
    const raw_input_contents = [Buffer.concat(bytes), rawOf(BigInt64Array.of(3n, -4n))];
    const asRaw = await client.call("ModelInfer", { model_name: "text", inputs: [words, ids], raw_input_contents });
    expect(asRaw.reply).toMatchObject({ raw_output_contents: expected });
  });

  test("counts calls by what they would have had over HTTP", async () => {
    await client.call("ModelInfer", { ...raw, inputs: [] });
    const counted = await rig.metric("gateway_reply_total");
    expect(counted['{model="fraud",code="200"}']).toBeGreaterThan(0);
    expect(counted['{model="fraud",code="400"}']).toBeGreaterThan(0);
  });
});

describe("what is asked besides over gRPC", () => {
  test("is whether server and models are live and ready", async () => {
    expect((await client.call("ServerLive")).reply).toEqual({ live: true });
    expect((await client.call("ServerReady")).reply).toEqual({ ready: true });
    expect((await client.call("ModelReady", { name: "fraud" })).reply).toEqual({ ready: true });
    expect((await client.call("ModelReady", { name: "fraud", version: "2" })).reply).toEqual({ ready: true });
    expect((await client.call("ModelReady", { name: "fraud", version: "3" })).reply).toEqual({});
    // As Triton: a client that waits for a model asks until this is true.
    expect(await client.call("ModelReady", { name: "nobody" })).toMatchObject({ status: "OK", reply: {} });
  });

  test("is what the server and a model are", async () => {
    expect((await client.call("ServerMetadata")).reply).toMatchObject({ name: "mmsp", version: "0.0.0-test" });
    const { reply } = await client.call("ModelMetadata", { name: "fraud" });
    const asText = (specs: readonly { shape: readonly number[] }[]) =>
      specs.map((spec) => ({ ...spec, shape: spec.shape.map(String) }));
    const { inputs, outputs } = linearSignature();
    const signature = { inputs: asText(inputs), outputs: asText(outputs) };
    expect(reply).toEqual({ name: "fraud", versions: ["1", "2"], platform: "onnxruntime_onnx", ...signature });
  });

  test("is the index of what is served, and how often it was asked", async () => {
    const { reply } = await client.call("RepositoryIndex", { ready: true });
    expect(reply["models"]).toContainEqual({ name: "fraud", version: "2", state: "READY" });
    await client.call("ModelInfer", raw);
    const statistics = (await client.call("ModelStatistics", { name: "fraud", version: "1" })).reply["model_stats"];
    expect(statistics).toMatchObject([
      { name: "fraud", version: "1", inference_stats: { success: { count: expect.stringMatching(/^[1-9]/) } } },
    ]);
  });
});

describe("the standard health service", () => {
  test.each(["", "inference.GRPCInferenceService", "grpc.health.v1.Health"])(
    'says SERVING of "%s"',
    async (service) => {
      expect(await client.check(service)).toMatchObject({ status: "OK", reply: { status: "SERVING" } });
    },
  );

  test("does not know other services", async () => {
    expect(await client.check("inference.Other")).toMatchObject({
      status: "NOT_FOUND",
      details: expect.stringContaining("inference.GRPCInferenceService"),
    });
  });

  test("says NOT_SERVING where nothing that is asked for is served", async () => {
    await using rig = await startRig({
      ...servingTree({ fraud: { versions: { 1: linearModel() } } }),
      "environments/dev/models/fraud/deployment.yaml": "spec: {\n",
    });
    using client = grpcClient(await rig.listenGrpc());
    for (const service of ["", "inference.GRPCInferenceService"]) {
      expect(await client.check(service)).toMatchObject({ status: "OK", reply: { status: "NOT_SERVING" } });
    }
  });
});

describe("refused with INVALID_ARGUMENT is", () => {
  const infer = (of: object): object => ({ ...raw, ...of });
  test.each<[string, object, RegExp]>([
    ["a request without inputs", infer({ inputs: [] }), /at least one input/],
    ["an unknown input", infer({ inputs: [{ ...input, name: "inptu" }] }), /"inptu" is unknown, did you mean "input"/],
    [
      "an input twice",
      infer({ inputs: [input, input], raw_input_contents: [Buffer.alloc(24), Buffer.alloc(24)] }),
      /"input" is given twice/,
    ],
    ["another datatype", infer({ inputs: [{ ...input, datatype: "FP64" }] }), /expected the datatype FP32, got .*FP64/],
    ["another shape", infer({ inputs: [{ ...input, shape: [2, 4] }] }), /expected the shape \[-1, 3\], got \[2, 4\]/],
    ["a shape that is too large to count", infer({ inputs: [{ ...input, shape: ["9007199254740993", 3] }] }), /shape/],
    ["too few raw bytes", infer({ raw_input_contents: [Buffer.alloc(23)] }), /has 24 bytes of binary data, got 23/],
    [
      "raw contents of nothing",
      infer({ raw_input_contents: [Buffer.alloc(24), Buffer.alloc(1)] }),
      /one entry for each input, 1, not 2/,
    ],
    ["raw and typed contents at once", { ...typed, raw_input_contents: [Buffer.alloc(24)] }, /contents/],
    ["neither of them", infer({ raw_input_contents: [] }), /expected its elements in fp32_contents, got nothing/],
    [
      "the wrong typed contents",
      infer({ inputs: [{ ...input, contents: { int_contents: [1] } }], raw_input_contents: [] }),
      /fp32_contents, got int_contents/,
    ],
    [
      "too few typed contents",
      infer({ inputs: [{ ...input, contents: { fp32_contents: [1] } }], raw_input_contents: [] }),
      /6 elements, fp32_contents has 1/,
    ],
    ["an unknown output", infer({ outputs: [{ name: "lable" }] }), /"lable" is unknown, did you mean "label"/],
    [
      "shared memory",
      infer({ inputs: [{ ...input, parameters: { shared_memory_region: { string_param: "x" } } }] }),
      /shared_memory_region/,
    ],
    ["a time-out that is none", infer({ parameters: { timeout: { string_param: "soon" } } }), /timeout/],
  ])("%s", async (_, request, says) => {
    const answer = await client.call("ModelInfer", request);
    expect(answer).toMatchObject({ status: "INVALID_ARGUMENT", details: expect.stringMatching(says) });
    expect(answer.metadata.get("x-mmsp-code")).toHaveLength(1);
  });

  test("bytes that are no message", async () => {
    const { status, details } = await client.send("ModelInfer", Buffer.from([0x0a, 0xff]));
    expect({ status, details }).toEqual({
      status: "INVALID_ARGUMENT",
      details: "this is no ModelInferRequest: it ends in the middle of a field",
    });
  });
});

describe("other calls that fail say so by", () => {
  test.each<[string, string, object, RegExp]>([
    [
      "NOT_FOUND, for a model that nobody serves",
      "NOT_FOUND",
      { ...raw, model_name: "nope" },
      /no model "nope"; served are/,
    ],
    ["NOT_FOUND, for a version that is none", "NOT_FOUND", { ...raw, model_version: "x" }, /"x" is no version/],
    [
      "NOT_FOUND, for a version that was rejected",
      "NOT_FOUND",
      { ...raw, model_version: "3" },
      /rejected by .*too slow/,
    ],
    [
      "UNAVAILABLE, for a model that should be served",
      "UNAVAILABLE",
      { ...raw, model_name: "lost" },
      /GET \/status says why/,
    ],
    [
      "RESOURCE_EXHAUSTED, for more than the environment takes",
      "RESOURCE_EXHAUSTED",
      { ...raw, raw_input_contents: [Buffer.alloc(maxBodyBytes)] },
      /may have 100000 bytes/,
    ],
    [
      "INTERNAL, without the cause, for a model that fails",
      "INTERNAL",
      { ...raw, model_name: "broken", raw_input_contents: [rawOf(Float32Array.from([99, 0, 0, 99, 0, 0]))] },
      /^version 1 of broken failed on this input$/,
    ],
  ])("%s", async (_, status, request, says) => {
    const answer = await client.call("ModelInfer", request);
    expect(answer).toMatchObject({ status, details: expect.stringMatching(says) });
  });

  test("RESOURCE_EXHAUSTED, for what is only small when compressed", async () => {
    using compressing = grpcClient(await rig.listenGrpc(), { compression: compressionAlgorithms.gzip });
    const request = { ...raw, raw_input_contents: [Buffer.alloc(maxBodyBytes * 10)] };
    expect((await compressing.call("ModelInfer", request)).status).toBe("RESOURCE_EXHAUSTED");
    expect((await compressing.call("ModelInfer", raw)).status).toBe("OK");
  });

  test("UNIMPLEMENTED, for methods that the gateway does not have", async () => {
    const { status, details } = await client.send("ModelConfig", Buffer.alloc(0));
    expect(status).toBe("UNIMPLEMENTED");
    expect(details).toMatch(
      /no method \/inference\.GRPCInferenceService\/ModelConfig; .*GRPCInferenceService\/ModelInfer/,
    );
  });

  test("INTERNAL, with fixed words, for what nobody has thought of; the log has the cause", async () => {
    await using rig = await startRig(servingTree({ fraud: { versions: { 1: linearModel() } } }), {
      random: () => {
        throw new Error("secret of the inside");
      },
    });
    using client = grpcClient(await rig.listenGrpc());
    const { status, details } = await client.call("ModelInfer", raw);
    expect({ status, details }).toEqual({ status: "INTERNAL", details: "the gateway failed; its log says why" });
    expect(rig.logged.some(({ level }) => level === "error")).toBe(true);
  });
});
