/**
 * A model server that costs as little as one can: it answers what a gateway asks of Triton before it sends requests there, and
 * every `infer` with a fixed reply, JSON to JSON and tensors to tensors.
 */
import { jsonLengthHeader } from "../../../gateway/core/oip-body.ts";
import { fixedReply, outputs } from "../harness/infer.ts";
import { signature } from "../harness/models.ts";
import { serveQuestions } from "../harness/process.ts";

const raw = [new BigInt64Array([1n]), new Float32Array([0.25, 0.75])];
const tensorHead = JSON.stringify({
  outputs: outputs.map(({ name, datatype, shape }, at) => {
    return { name, datatype, shape, parameters: { binary_data_size: raw[at]?.byteLength } };
  }),
});
const tensors = Buffer.concat([Buffer.from(tensorHead), ...raw.map(({ buffer }) => Buffer.from(buffer))]);
const tensorInit = {
  headers: { "content-type": "application/octet-stream", [jsonLengthHeader]: String(Buffer.byteLength(tensorHead)) },
};
const jsonInit = { headers: { "content-type": "application/json" } };

const version = "/v2/models/model/versions/1";
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  routes: {
    "/v2/health/live": new Response(),
    [version]: Response.json({ name: "model", versions: ["1"], platform: "onnxruntime_onnx", ...signature }),
    [`${version}/ready`]: new Response(),
    [`${version}/infer`]: {
      POST: ({ headers }) =>
        headers.has(jsonLengthHeader) ? new Response(tensors, tensorInit) : new Response(fixedReply, jsonInit),
    },
  },
});
serveQuestions(server.url.origin, () => null);
