import { Elysia } from "elysia";
import { timeoutParameterMs } from "../core/deadline.ts";
import { joinBody, jsonLengthHeader } from "../core/oip-body.ts";
import { decodeInferRequest, encodeInferResponse, type InferReply, type InferRequest } from "../core/oip.ts";
import { modelMetadata, openVersions, serverMetadata } from "../core/oip-metadata.ts";
import type { LoadedModel, RawMessage } from "../core/ports.ts";
import { isObject } from "../core/words.ts";
import type { Gateway } from "./port.ts";
import { answerHeaders, requestIdOf, type Signed } from "./answer.ts";
import { readInferBody } from "./infer-body.ts";
import { isReady, loadedVersion, routeOf, versionNumber } from "./known-model.ts";
import type { Replies } from "./replies.ts";

interface Params {
  readonly model: string;
  readonly version?: string;
}

/** Open Inference Protocol v2: server and model metadata, readiness, inference with or without a version. */
export function inferenceProtocolRoutes(gateway: Gateway, replies: Replies, version: string) {
  const infer = ({ request, params }: { request: Request; params: Params }) =>
    inferOnce(gateway, replies, request, params);
  const metadata = ({ params }: { params: Params }) => describeModel(gateway, params);
  const ready = ({ params, set }: { params: Params; set: { status?: number | string } }) => {
    const ready = isReady(routeOf(gateway, params.model), params.version);
    if (!ready) set.status = 503;
    return { name: params.model, ready };
  };
  return new Elysia({ prefix: "/v2" })
    .get("/", () => serverMetadata(version))
    .get("/health/live", () => ({ live: true }))
    .get("/health/ready", ({ set }) => {
      const { isReady } = gateway.health();
      if (!isReady) set.status = 503;
      // The protocol's text names the field `live` here too; its clients read `ready`.
      return { live: true, ready: isReady };
    })
    .get("/models/:model", metadata)
    .get("/models/:model/versions/:version", metadata)
    .get("/models/:model/ready", ready)
    .get("/models/:model/versions/:version/ready", ready)
    .post("/models/:model/infer", infer, { parse: "none" })
    .post("/models/:model/versions/:version/infer", infer, { parse: "none" });
}

/** JSON, with binary tensor data after it or without, in and out. */
async function inferOnce(gateway: Gateway, replies: Replies, request: Request, params: Params): Promise<Response> {
  replies.about(request, params.model);
  const version = params.version === undefined ? null : versionNumber(params.version);
  const { raw, parts } = await readInferBody(gateway.table().models.get(params.model), request, gateway.maxBodyBytes());
  // Decoded for each version that is asked: their signatures may differ.
  const requests = new Map<LoadedModel, InferRequest>();
  const { revision } = gateway.table();
  const answer = await gateway.predict<InferReply | RawMessage>({
    model: params.model,
    version,
    header: (name) => request.headers.get(name),
    // What a model server gets unread, it reads itself: its own `timeout`, too.
    timeoutMs: raw === null ? timeoutIn(parts().body) : null,
    gone: () => request.signal,
    encode: (target) => {
      const { body, binary } = parts();
      const decoded = decodeInferRequest(body, target.signature, binary);
      requests.set(target, decoded);
      return decoded.tensors;
    },
    decode: (target, outputs) =>
      encodeInferResponse(target, requests.get(target) ?? { id: null, outputs: null, binary: false }, outputs),
    ...(raw && { raw: { request: raw, reply: (reply) => reply } }),
  });
  return responseOf({ answer, requestId: requestIdOf(request), revision });
}

function timeoutIn(body: unknown): number | null {
  return isObject(body) ? timeoutParameterMs(body["parameters"]) : null;
}

function responseOf(signed: Signed<InferReply | RawMessage>): Response {
  const { reply } = signed.answer;
  const headers = answerHeaders(signed);
  if ("jsonBytes" in reply) {
    headers["content-type"] = reply.jsonBytes === null ? "application/json" : "application/octet-stream";
    if (reply.jsonBytes !== null) headers[jsonLengthHeader] = String(reply.jsonBytes);
    return new Response(reply.body as Uint8Array<ArrayBuffer>, { headers });
  }
  const { json, binary } = reply;
  if (binary.length === 0) return Response.json(json, { headers });
  const { body, jsonLength } = joinBody(json, binary);
  headers["content-type"] = "application/octet-stream";
  headers[jsonLengthHeader] = String(jsonLength);
  return new Response(body, { headers });
}

function describeModel(gateway: Gateway, params: Params) {
  const route = routeOf(gateway, params.model);
  const { signature, featureOrder } = loadedVersion(route, params.version);
  const metadata = modelMetadata(route.model, openVersions(route), signature);
  return featureOrder === null ? metadata : { ...metadata, parameters: { feature_order: featureOrder } };
}
