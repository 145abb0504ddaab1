/** One address of the gateway, for people and for `GET /openapi/json`. */
interface Operation {
  readonly method: "get" | "post";
  /** `{model}` stands for a name. */
  readonly path: string;
  readonly summary: string;
  readonly tag: string;
  /** Of the body; none: there is no body. */
  readonly example?: object;
  /** Takes binary tensor data, too. */
  readonly binary?: true;
  /** Asks for the bearer token of alerts. */
  readonly token?: true;
}

const rows = { model: "MODEL", instances: [[1, 2, 3]] };
const tensors = { inputs: [{ name: "input", datatype: "FP32", shape: [1, 3], data: [1, 2, 3] }] };
const alert = {
  version: "4",
  alerts: [{ status: "firing", labels: { alertname: "ErrorRateHigh", model: "MODEL", version: "2" }, annotations: {} }],
};

const simple = "Predictions";
const v1 = "KServe v1";
const v2 = "Open Inference Protocol v2";
const operators = "For operators";

/** Everything that the gateway answers to. A test holds this list to its routes. */
const operations: readonly Operation[] = [
  { method: "post", path: "/predict", tag: simple, summary: "Rows in, predictions out", example: rows },
  { method: "get", path: "/", tag: v1, summary: "Whether the server runs" },
  { method: "get", path: "/v1/models", tag: v1, summary: "Names of the models" },
  { method: "get", path: "/v1/models/{model}", tag: v1, summary: "Version and readiness of a model" },
  {
    method: "post",
    path: "/v1/models/{model}:predict",
    tag: v1,
    summary: "Rows in, predictions out",
    example: { instances: rows.instances },
  },
  { method: "get", path: "/v2", tag: v2, summary: "Name, version and extensions of the server" },
  { method: "get", path: "/v2/health/live", tag: v2, summary: "Whether the server runs" },
  { method: "get", path: "/v2/health/ready", tag: v2, summary: "Whether models can be asked" },
  { method: "get", path: "/v2/models/{model}", tag: v2, summary: "Versions, inputs and outputs of a model" },
  { method: "get", path: "/v2/models/{model}/versions/{version}", tag: v2, summary: "The same of a version" },
  { method: "get", path: "/v2/models/{model}/ready", tag: v2, summary: "Whether a model answers" },
  { method: "get", path: "/v2/models/{model}/versions/{version}/ready", tag: v2, summary: "Whether a version answers" },
  {
    method: "post",
    path: "/v2/models/{model}/infer",
    tag: v2,
    summary: "Tensors in, tensors out, by JSON or with binary data after it",
    example: tensors,
    binary: true,
  },
  {
    method: "post",
    path: "/v2/models/{model}/versions/{version}/infer",
    tag: v2,
    summary: "The same by a version that the caller names",
    example: tensors,
    binary: true,
  },
  { method: "get", path: "/v2/models/stats", tag: v2, summary: "Counts and times of all versions" },
  { method: "get", path: "/v2/models/{model}/stats", tag: v2, summary: "Counts and times of a model's versions" },
  { method: "get", path: "/v2/models/{model}/versions/{version}/stats", tag: v2, summary: "Those of one version" },
  {
    method: "post",
    path: "/v2/repository/index",
    tag: v2,
    summary: "Every version, and why it does not answer",
    example: { ready: false },
  },
  { method: "post", path: "/v2/repository/models/{model}/load", tag: v2, summary: "Refused: commits load models" },
  { method: "post", path: "/v2/repository/models/{model}/unload", tag: v2, summary: "Refused: commits unload models" },
  { method: "get", path: "/status", tag: operators, summary: "What is served, judged, cut and wrong" },
  { method: "get", path: "/health", tag: operators, summary: "Health in short" },
  { method: "get", path: "/health/live", tag: operators, summary: "Whether the gateway runs" },
  { method: "get", path: "/healthz", tag: operators, summary: "The same" },
  { method: "get", path: "/health/ready", tag: operators, summary: "Whether it can be asked" },
  { method: "get", path: "/ready", tag: operators, summary: "The same" },
  { method: "get", path: "/metrics", tag: operators, summary: "Metrics in the Prometheus exposition format" },
  { method: "post", path: "/reload", tag: operators, summary: "Look at the source now" },
  {
    method: "post",
    path: "/alerts",
    tag: operators,
    summary: "Alertmanager's webhook, version 4",
    example: alert,
    token: true,
  },
  { method: "get", path: "/openapi", tag: operators, summary: "A page to try all this" },
  { method: "get", path: "/openapi/json", tag: operators, summary: "This description" },
];

const json = (schema: object, example?: object) => ({
  content: { "application/json": { schema, ...(example === undefined ? {} : { example }) } },
});

/** JSON, and where it is taken JSON with the tensors' bytes behind it. */
function bodyOf(example: object, binary: boolean) {
  const { content } = json({ type: "object" }, example);
  return { content: binary ? { ...content, "application/octet-stream": {} } : content };
}

const errorSchema = {
  type: "object",
  required: ["error"],
  properties: { error: { type: "string" }, code: { type: "string", description: "not at /v1 and /v2" } },
};

/** The gateway's addresses as OpenAPI 3.1. `version` is the gateway's own. */
export function openApiDocument(version: string) {
  const paths: Record<string, Record<string, object>> = {};
  for (const { method, path, summary, tag, example, binary, token } of operations) {
    const parameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => {
      return { name, in: "path", required: true, schema: { type: "string" } };
    });
    paths[path] = {
      ...paths[path],
      [method]: {
        summary,
        tags: [tag],
        ...(parameters.length === 0 ? {} : { parameters }),
        ...(example === undefined ? {} : { requestBody: bodyOf(example, binary === true) }),
        ...(token === undefined ? {} : { security: [{ alerts: [] }] }),
        responses: {
          200: { description: "answered" },
          default: { description: "refused, with what to mend", ...json(errorSchema) },
        },
      },
    };
  }
  return {
    openapi: "3.1.0",
    info: { title: "mmsp gateway", version },
    paths,
    components: { securitySchemes: { alerts: { type: "http", scheme: "bearer" } } },
  };
}
