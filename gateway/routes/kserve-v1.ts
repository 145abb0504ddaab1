import { Elysia } from "elysia";
import { MethodError, RequestError } from "../core/errors.ts";
import { platform } from "../core/oip-metadata.ts";
import { readV1Request } from "../core/rows.ts";
import type { Gateway } from "./port.ts";
import { jsonAnswer } from "./answer.ts";
import { readJson } from "./body.ts";
import { isReady, routeOf } from "./known-model.ts";
import type { Asked, PredictionRoutes } from "./prediction.ts";
import { predictRows } from "./rows.ts";

const predictVerb = ":predict";

/** `POST /v1/models/{m}:predict` of KServe's v1 protocol. `target`: a model and what is to be done with it, `fraud:predict`. */
export function predictV1Routes(gateway: Gateway): PredictionRoutes {
  return { "/v1/models/:target": (request, { target = "" }, asked) => predictV1(gateway, request, target, asked) };
}

/** KServe's v1 protocol: whether the server lives, at its root, as KServe's clients ask; the models, and one model. */
export function kserveV1Routes(gateway: Gateway) {
  return new Elysia()
    .get("/", () => ({ status: "alive" }))
    .get("/v1/models", () => ({ models: [...gateway.table().models.keys()] }))
    .get("/v1/models/:target", ({ params, set, request }) => {
      if (params.target.endsWith(predictVerb)) throw new MethodError(request.method, ["POST"]);
      const route = routeOf(gateway, params.target);
      const ready = isReady(route);
      if (!ready) set.status = 503;
      const version = route.stable === null ? null : String(route.stable.version);
      return { name: route.model, version, platform, ready };
    });
}

async function predictV1(gateway: Gateway, request: Request, target: string, asked: Asked): Promise<Response> {
  const model = modelOf(target, request.method);
  asked.model = model;
  const rows = readV1Request(model, await readJson(request, gateway.maxBodyBytes()));
  const signed = await predictRows(gateway, request, rows);
  const { reply, model: model_name, version } = signed.answer;
  return jsonAnswer(signed, { ...reply, model_name, model_version: String(version) });
}

function modelOf(target: string, method: string): string {
  if (target.endsWith(predictVerb)) return target.slice(0, -predictVerb.length);
  const at = target.lastIndexOf(":");
  if (at === -1) throw new MethodError(method, ["GET"]);
  const verb = target.slice(at, at + 32);
  throw new RequestError(404, "verb-unknown", `models have no "${verb}" here; use "${predictVerb}"`);
}
