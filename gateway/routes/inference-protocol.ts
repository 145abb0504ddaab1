import { Elysia } from "elysia";
import { RequestError } from "../core/errors.ts";
import { decodeInferRequest, encodeInferResponse, modelMetadata, type InferRequest } from "../core/oip.ts";
import type { Route } from "../core/route.ts";
import type { LoadedModel } from "../core/ports.ts";
import type { Gateway } from "./port.ts";
import { answerInit } from "./answer.ts";
import { readJson } from "./body.ts";
import type { Asked, Params as RouteParams, PredictionRoutes } from "./prediction.ts";

interface Params {
  readonly model: string;
  readonly version?: string;
}

/** `infer` of the Open Inference Protocol v2 over JSON, with or without a version. */
export function inferRoutes(gateway: Gateway): PredictionRoutes {
  const infer = (request: Request, { model = "", version }: RouteParams, asked: Asked): Promise<Response> => {
    asked.model = model;
    return inferOnce(gateway, request, model, version === undefined ? null : versionNumber(version));
  };
  return { "/v2/models/:model/infer": infer, "/v2/models/:model/versions/:version/infer": infer };
}

/** Open Inference Protocol v2 over JSON: server and model metadata, readiness. */
export function inferenceProtocolRoutes(gateway: Gateway, version: string) {
  const metadata = ({ params }: { params: Params }) => describeModel(gateway, params);
  const ready = ({ params, set }: { params: Params; set: { status?: number | string } }) => {
    const isReady = isModelReady(gateway, params);
    if (!isReady) set.status = 503;
    return { name: params.model, ready: isReady };
  };
  return new Elysia({ prefix: "/v2" })
    .get("/", () => ({ name: "mmsp", version, extensions: [] }))
    .get("/health/live", () => ({ live: true }))
    .get("/health/ready", ({ set }) => {
      const { isReady } = gateway.health();
      if (!isReady) set.status = 503;
      return { ready: isReady };
    })
    .get("/models/:model", metadata)
    .get("/models/:model/versions/:version", metadata)
    .get("/models/:model/ready", ready)
    .get("/models/:model/versions/:version/ready", ready);
}

async function inferOnce(
  gateway: Gateway,
  request: Request,
  model: string,
  version: number | null,
): Promise<Response> {
  const body = await readJson(request, gateway.maxBodyBytes());
  // Decoded for each version that is asked: their signatures may differ.
  const requests = new Map<LoadedModel, InferRequest>();
  const answer = await gateway.predict({
    model,
    version,
    header: (name) => request.headers.get(name),
    encode: (target) => {
      const decoded = decodeInferRequest(body, target.signature);
      requests.set(target, decoded);
      return decoded.tensors;
    },
    decode: (target, outputs) =>
      encodeInferResponse(target, requests.get(target) ?? { id: null, requestedOutputs: null }, outputs),
  });
  return new Response(JSON.stringify(answer.reply), answerInit(answer));
}

function describeModel(gateway: Gateway, params: Params) {
  const route = routeOf(gateway, params.model);
  const version = params.version === undefined ? route.stable?.version : versionNumber(params.version);
  const reason = version === undefined ? undefined : route.closed.get(version);
  if (reason !== undefined) throw new RequestError(404, "version-closed", reason);
  const target = version === undefined ? undefined : route.loaded.get(version);
  if (target === undefined) {
    throw new RequestError(404, "version-unknown", `version ${version ?? "?"} of ${route.model} is not served`);
  }
  const open = [...route.loaded.keys()].filter((number) => !route.closed.has(number)).toSorted((a, b) => a - b);
  const metadata = modelMetadata(route.model, open, target.signature);
  return target.featureOrder === null ? metadata : { ...metadata, parameters: { feature_order: target.featureOrder } };
}

function isModelReady(gateway: Gateway, params: Params): boolean {
  const route = routeOf(gateway, params.model);
  if (params.version === undefined) return route.stable !== null && route.loaded.has(route.stable.version);
  const version = versionNumber(params.version);
  return route.loaded.has(version) && !route.closed.has(version);
}

function routeOf(gateway: Gateway, model: string): Route {
  const route = gateway.table().models.get(model);
  if (route === undefined) throw new RequestError(404, "model-unknown", `there is no model "${model.slice(0, 64)}"`);
  return route;
}

function versionNumber(text: string): number {
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new RequestError(
    404,
    "version-unknown",
    `"${text.slice(0, 32)}" is no version; versions are whole numbers from 1`,
  );
}
