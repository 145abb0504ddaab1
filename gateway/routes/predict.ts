import { readPredictRequest } from "../core/rows.ts";
import type { Gateway } from "./port.ts";
import { jsonAnswer } from "./answer.ts";
import { readJson } from "./body.ts";
import type { PredictionRoutes } from "./prediction.ts";
import { predictRows } from "./rows.ts";

/** `POST /predict`: rows in, predictions out; the gateway chooses the version. */
export function predictRoutes(gateway: Gateway): PredictionRoutes {
  return {
    "/predict": async (request, _, asked) => {
      asked.model = null;
      const rows = readPredictRequest(await readJson(request, gateway.maxBodyBytes()));
      asked.model = rows.model;
      const signed = await predictRows(gateway, request, rows);
      const { answer, requestId, revision } = signed;
      const { predictions, probabilities } = answer.reply;
      return jsonAnswer(signed, {
        predictions,
        probabilities,
        model_name: answer.model,
        model_version: String(answer.version),
        phase: answer.phase,
        request_id: requestId,
        revision,
        latency_ms: Number(answer.latencyMs.toFixed(3)),
      });
    },
  };
}
