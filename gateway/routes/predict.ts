import { Elysia } from "elysia";
import { readPredictRequest } from "../core/rows.ts";
import type { Gateway } from "./port.ts";
import { answerHeaders } from "./answer.ts";
import { readJson } from "./body.ts";
import type { Replies } from "./replies.ts";
import { predictRows } from "./rows.ts";

/** `POST /predict`: rows in, predictions out; the gateway chooses the version. */
export function predictRoutes(gateway: Gateway, replies: Replies) {
  return new Elysia().post("/predict", ({ request }) => predict(gateway, replies, request), { parse: "none" });
}

async function predict(gateway: Gateway, replies: Replies, request: Request): Promise<Response> {
  replies.about(request, null);
  const rows = readPredictRequest(await readJson(request, gateway.maxBodyBytes()));
  replies.about(request, rows.model);
  const signed = await predictRows(gateway, request, rows);
  const { answer, requestId, revision } = signed;
  const body = {
    ...answer.reply,
    model_name: answer.model,
    model_version: String(answer.version),
    phase: answer.phase,
    request_id: requestId,
    revision,
    latency_ms: Number(answer.latencyMs.toFixed(3)),
  };
  return Response.json(body, { headers: answerHeaders(signed) });
}
