import { Elysia } from "elysia";
import { requireRowOutputs, toPredictions } from "../core/reply.ts";
import { readPredictRequest, rowsToTensors } from "../core/rows.ts";
import type { Gateway } from "./port.ts";
import { answerHeaders } from "./answer.ts";
import { readJson } from "./body.ts";
import type { Replies } from "./replies.ts";

/** Rows that one request may bring. */
const maxRows = 4096;

/** `POST /predict`: rows in, predictions out; the gateway chooses the version. */
export function predictRoutes(gateway: Gateway, replies: Replies) {
  return new Elysia().post(
    "/predict",
    async ({ request, set }) => {
      replies.about(request, null);
      const body = readPredictRequest(await readJson(request, gateway.maxBodyBytes()));
      replies.about(request, body.model);
      const answer = await gateway.predict({
        model: body.model,
        version: null,
        header: (name) => request.headers.get(name),
        gone: () => request.signal,
        encode: (target) => {
          requireRowOutputs(target.signature);
          return rowsToTensors(body, target, { maxRows });
        },
        decode: (_, outputs) => toPredictions(outputs, body.instances.length),
      });
      Object.assign(set.headers, answerHeaders(answer));
      return {
        ...answer.reply,
        model_name: answer.model,
        model_version: String(answer.version),
        latency_ms: Number(answer.latencyMs.toFixed(3)),
      };
    },
    { parse: "none" },
  );
}
