import { requireRowOutputs, toPredictions } from "../core/reply.ts";
import { readPredictRequest, rowsToTensors } from "../core/rows.ts";
import type { Gateway } from "./port.ts";
import { answerInit } from "./answer.ts";
import { readJson } from "./body.ts";
import type { PredictionRoutes } from "./prediction.ts";

/** Rows that one request may bring. */
const limits = { maxRows: 4096 } as const;

/** `POST /predict`: rows in, predictions out; the gateway chooses the version. */
export function predictRoutes(gateway: Gateway): PredictionRoutes {
  return {
    "/predict": async (request, _, asked) => {
      const body = readPredictRequest(await readJson(request, gateway.maxBodyBytes()));
      asked.model = body.model;
      const answer = await gateway.predict({
        model: body.model,
        version: null,
        header: (name) => request.headers.get(name),
        encode: (target) => {
          requireRowOutputs(target.signature);
          return rowsToTensors(body, target, limits);
        },
        decode: (_, outputs) => toPredictions(outputs, body.instances.length),
      });
      const { predictions, probabilities } = answer.reply;
      const reply = {
        predictions,
        probabilities,
        model_name: answer.model,
        model_version: String(answer.version),
        latency_ms: Math.round(answer.latencyMs * 1000) / 1000,
      };
      return new Response(JSON.stringify(reply), answerInit(answer));
    },
  };
}
