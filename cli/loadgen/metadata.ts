import { fail } from "../../schemas/problem.ts";
import { nearestName } from "../../schemas/words.ts";
import type { ModelInputs } from "./synthetic.ts";

const NO_ROWS = "give rows with --data, or the name of a served model with --model: GET /status lists them";

/**
 * Asks the gateway what `model` takes: `GET /v2/models/{m}`. Without a model it must serve exactly one
 * (`GET /status`). Feature names are read from `parameters.feature_order`, `featureOrder` or `feature_names` of the
 * model or of its first input: an array, or one text with commas or as JSON. Throws a ProblemError.
 */
export async function fetchInputs(gateway: string, model: string | null, signal?: AbortSignal): Promise<ModelInputs> {
  const name = model ?? (await onlyModel(gateway, signal));
  const body = await getJson(`${gateway}/v2/models/${encodeURIComponent(name)}`, gateway, name, signal);
  const inputs = list(field(body, "inputs")).map((input) => ({
    name: String(field(input, "name")),
    datatype: String(field(input, "datatype")),
    shape: list(field(input, "shape")).map(Number),
  }));
  const [first] = list(field(body, "inputs"));
  return { model: name, inputs, featureNames: featureNames(body) ?? featureNames(first) };
}

async function onlyModel(gateway: string, signal: AbortSignal | undefined): Promise<string> {
  const models = await servedModels(gateway, signal);
  const [only] = models;
  if (models.length === 1 && only !== undefined) return only;
  if (models.length === 0) {
    const hint = "its GET /status says why; mmsp deploy starts one";
    return fail({ code: "model-missing", message: `the gateway at ${gateway} serves no model`, hint });
  }
  const message = `the gateway serves ${models.join(", ")}`;
  return fail({ code: "model-missing", message, hint: "say which one with --model" });
}

async function servedModels(gateway: string, signal: AbortSignal | undefined): Promise<readonly string[]> {
  const status = await getJson(`${gateway}/status`, gateway, null, signal);
  const names = list(field(status, "models")).map((model) => field(model, "model"));
  return names.filter((name) => typeof name === "string");
}

async function getJson(url: string, gateway: string, model: string | null, signal?: AbortSignal): Promise<unknown> {
  const timeout = AbortSignal.timeout(10_000);
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(url, { redirect: "manual", signal: signal ? AbortSignal.any([signal, timeout]) : timeout });
    body = await response.json().catch(() => null);
  } catch (error) {
    signal?.throwIfAborted();
    const hint = "is it running? `mmsp up` starts one; --gateway names another address";
    return fail({ code: "gateway-away", message: `no gateway answers at ${gateway}`, hint }, { cause: error });
  }
  if (response.status === 404 && model !== null) {
    // Another server of the protocol may have no such list.
    const near = nearestName(model, await servedModels(gateway, signal).catch(() => []));
    return fail({
      code: "model-unknown",
      message: `the gateway at ${gateway} serves no model "${model}"`,
      hint: near === null ? NO_ROWS : `did you mean "${near}"? GET /status lists what is served`,
    });
  }
  if (!response.ok || body === null) {
    return fail({
      code: "gateway-reply",
      message: `${url} answered ${response.status} without metadata`,
      hint: NO_ROWS,
    });
  }
  return body;
}

function featureNames(from: unknown): readonly string[] | null {
  const parameters = field(from, "parameters");
  for (const key of ["feature_order", "featureOrder", "feature_names"]) {
    const value = field(parameters, key);
    const names = typeof value === "string" ? splitNames(value) : list(value);
    if (names.length > 0 && names.every((name) => typeof name === "string")) return names;
  }
  return null;
}

/** A parameter of the protocol is a string, a number or a boolean, so a list may come as text. */
function splitNames(text: string): readonly unknown[] {
  if (!text.trimStart().startsWith("[")) return text.split(",").map((name) => name.trim());
  try {
    return list(JSON.parse(text));
  } catch {
    return [];
  }
}

function field(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
