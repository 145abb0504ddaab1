import { Elysia } from "elysia";
import { MethodError, RequestError } from "../core/errors.ts";
import { platform } from "../core/oip-metadata.ts";
import { readV1Request } from "../core/rows.ts";
import type { Gateway } from "./port.ts";
import { answerHeaders } from "./answer.ts";
import { readJson } from "./body.ts";
import { isReady, routeOf } from "./known-model.ts";
import type { Replies } from "./replies.ts";
import { predictRows } from "./rows.ts";

const predictVerb = ":predict";

/** KServe's v1 protocol: the models, one model, and `POST /v1/models/{m}:predict`. */
export function kserveV1Routes(gateway: Gateway, replies: Replies) {
  return new Elysia({ prefix: "/v1" })
    .get("/models", () => ({ models: [...gateway.table().models.keys()] }))
    .get("/models/:target", ({ params, set, request }) => {
      if (params.target.endsWith(predictVerb)) throw new MethodError(request.method, ["POST"]);
      const route = routeOf(gateway, params.target);
      const ready = isReady(route);
      if (!ready) set.status = 503;
      const version = route.stable === null ? null : String(route.stable.version);
      return { name: route.model, version, platform, ready };
    })
    .post("/models/:target", ({ params, request }) => predictV1(gateway, replies, request, params), { parse: "none" });
}

/** `target`: a model and what is to be done with it, `fraud:predict`. */
async function predictV1(
  gateway: Gateway,
  replies: Replies,
  request: Request,
  { target }: { readonly target: string },
): Promise<Response> {
  const model = modelOf(target, request.method);
  replies.about(request, model);
  const rows = readV1Request(model, await readJson(request, gateway.maxBodyBytes()));
  const signed = await predictRows(gateway, request, rows);
  const { reply, model: model_name, version } = signed.answer;
  const body = { ...reply, model_name, model_version: String(version) };
  return Response.json(body, { headers: answerHeaders(signed) });
}

function modelOf(target: string, method: string): string {
  if (target.endsWith(predictVerb)) return target.slice(0, -predictVerb.length);
  const at = target.lastIndexOf(":");
  if (at === -1) throw new MethodError(method, ["GET"]);
  const verb = target.slice(at, at + 32);
  throw new RequestError(404, "verb-unknown", `models have no "${verb}" here; use "${predictVerb}"`);
}
