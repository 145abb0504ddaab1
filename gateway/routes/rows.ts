import { requireRowOutputs, toPredictions, type Predictions } from "../core/reply.ts";
import { rowsToTensors, type PredictRequest } from "../core/rows.ts";
import type { Gateway } from "./port.ts";
import { requestIdOf, type Signed } from "./answer.ts";

/** Rows that one request may bring. */
const maxRows = 4096;

/** Rows in, predictions out; the gateway chooses the version. */
export async function predictRows(
  gateway: Gateway,
  request: Request,
  rows: PredictRequest,
): Promise<Signed<Predictions>> {
  const { revision } = gateway.table();
  const answer = await gateway.predict({
    model: rows.model,
    version: null,
    header: (name) => request.headers.get(name),
    encode: (target) => {
      requireRowOutputs(target.signature);
      return rowsToTensors(rows, target, { maxRows });
    },
    decode: (_, outputs) => toPredictions(outputs, rows.instances.length),
  });
  return { answer, requestId: requestIdOf(request), revision };
}
