import type { Mlflow } from "../../core/mlflow-port.ts";
import { createMlflowClient, type ClientOptions } from "./client.ts";
import { fetchModel } from "./fetch-model.ts";
import { applyAction, readModel } from "./registry.ts";
import { mlflowSettings } from "./settings.ts";

/** The server that MLflow's own variables name. Throws a ProblemError where they name none; calls nothing yet. */
export function openMlflow(
  env: Readonly<Record<string, string | undefined>>,
  userAgent: string,
  options: Omit<ClientOptions, "userAgent"> = {},
): Mlflow {
  const client = createMlflowClient(mlflowSettings(env), { userAgent, ...options });
  return {
    fetchModel: (address) => fetchModel(client, address),
    readModel: (name) => readModel(client, name),
    apply: (action) => applyAction(client, action),
  };
}
