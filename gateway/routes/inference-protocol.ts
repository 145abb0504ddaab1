import { Elysia } from "elysia";
import { timeoutParameterMs } from "../core/deadline.ts";
import { joinBody, jsonLengthHeader } from "../core/oip-body.ts";
import { decodeInferRequest, encodeInferResponse, type InferReply, type InferRequest } from "../core/oip.ts";
import { modelMetadata, openVersions, serverMetadata } from "../core/oip-metadata.ts";
import type { LoadedModel, RawMessage } from "../core/ports.ts";
import { requireJson } from "../core/unread-reply.ts";
import { isObject } from "../core/words.ts";
import type { Gateway } from "./port.ts";
import { answerHeaders, jsonAnswer, requestIdOf, writtenAnswer, type Signed } from "./answer.ts";
import { mayHaveTimeout, readInferBody } from "./infer-body.ts";
import { isReady, servedVersion, routeOf, versionNumber } from "./known-model.ts";
import type { Asked, Params, PredictionRoutes } from "./prediction.ts";

interface OfModel {
  readonly model: string;
  readonly version?: string;
}

/** `infer` of the Open Inference Protocol v2, with or without a version. */
export function inferRoutes(gateway: Gateway): PredictionRoutes {
  const infer = (request: Request, { model = "", version }: Params, asked: Asked): Promise<Response> => {
    asked.model = model;
    return inferOnce(gateway, request, model, version === undefined ? null : versionNumber(version));
  };
  return { "/v2/models/:model/infer": infer, "/v2/models/:model/versions/:version/infer": infer };
}

/** Open Inference Protocol v2: server and model metadata, readiness. */
export function inferenceProtocolRoutes(gateway: Gateway, version: string) {
  const metadata = ({ params }: { params: OfModel }) => describeModel(gateway, params);
  const ready = ({ params, set }: { params: OfModel; set: { status?: number | string } }) => {
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
    .get("/models/:model/versions/:version/ready", ready);
}

/** JSON, with binary tensor data after it or without, in and out. */
async function inferOnce(gateway: Gateway, request: Request, model: string, version: number | null): Promise<Response> {
  const { raw, parts } = await readInferBody(gateway.table().models.get(model), request, gateway.maxBodyBytes());
  // Decoded for each version that is asked: their signatures may differ.
  let requests: Map<LoadedModel, InferRequest> | null = null;
  const { revision } = gateway.table();
  const answer = await gateway.predict<InferReply | RawMessage>({
    model,
    version,
    header: (name) => request.headers.get(name),
    timeoutMs: raw === null || mayHaveTimeout(raw) ? timeoutIn(parts().body) : null,
    gone: () => request.signal,
    encode: (target) => {
      const { body, binary } = parts();
      const decoded = decodeInferRequest(body, target.signature, binary, target.place === "server");
      (requests ??= new Map()).set(target, decoded);
      return decoded.tensors;
    },
    decode: (target, outputs) =>
      encodeInferResponse(target, requests?.get(target) ?? { id: null, outputs: null, binary: false }, outputs),
    raw: raw && { request: raw, reply: requireJson },
  });
  return responseOf({ answer, requestId: requestIdOf(request), revision });
}

function timeoutIn(body: unknown): number | null {
  return isObject(body) ? timeoutParameterMs(body["parameters"]) : null;
}

function responseOf(signed: Signed<InferReply | RawMessage>): Response {
  const { reply } = signed.answer;
  if ("jsonBytes" in reply) return unreadAnswer(signed, reply);
  const { json, binary } = reply;
  if (binary.length === 0) return jsonAnswer(signed, json);
  const headers = answerHeaders(signed);
  const { body, jsonLength } = joinBody(json, binary);
  headers.set("content-type", "application/octet-stream");
  headers.set(jsonLengthHeader, String(jsonLength));
  return new Response(body, { headers });
}

/** What a model server has answered, as it came. */
function unreadAnswer(signed: Signed<unknown>, message: RawMessage): Response {
  const { jsonBytes } = message;
  const body = message.body as Uint8Array<ArrayBuffer>;
  if (jsonBytes === null) return writtenAnswer(signed, body);
  const headers = answerHeaders(signed);
  headers.set("content-type", "application/octet-stream");
  headers.set(jsonLengthHeader, String(jsonBytes));
  return new Response(body, { headers });
}

function describeModel(gateway: Gateway, params: OfModel) {
  const route = routeOf(gateway, params.model);
  const { signature, featureOrder } = servedVersion(route, params.version);
  const metadata = modelMetadata(route.model, openVersions(route), signature);
  return featureOrder === null ? metadata : { ...metadata, parameters: { feature_order: featureOrder } };
}
