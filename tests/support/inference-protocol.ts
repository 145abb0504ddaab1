/**
 * Replies of the Open Inference Protocol v2 as JSON Schemas, for tests. Written from what its published description says (the
 * OpenAPI file and the REST text of kserve/open-inference-protocol), and for the extensions from Triton's; nothing of those
 * files is copied. Stricter where the gateway promises more: nothing that the protocol does not name, no unknown datatype.
 */
import { Ajv2020 } from "ajv/dist/2020.js";
import { datatypes } from "../../schemas/model-version.ts";

const text = { type: "string" };
const flag = { type: "boolean" };
const count = { type: "integer", minimum: 0 };
const list = (items: object) => ({ type: "array", items });

/** An object of these fields, all of which it has unless `optional` names them, and of no others. */
function object(properties: Readonly<Record<string, object>>, ...optional: readonly string[]): object {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: "object", properties, required, additionalProperties: false };
}

const parameters = { type: "object", additionalProperties: { type: ["string", "number", "boolean"] } };
const tensor = { name: text, datatype: { enum: datatypes }, shape: list({ type: "integer", minimum: -1 }) };
const scalar = { type: ["number", "string", "boolean"] };
const output = {
  oneOf: [
    object({ ...tensor, parameters, data: list(scalar) }, "parameters"),
    object({ ...tensor, parameters: object({ binary_data_size: count }) }),
  ],
};
const tally = object({ count, ns: count });

const schemas = {
  serverMetadata: object({ name: text, version: text, extensions: list(text) }),
  modelMetadata: object(
    {
      name: text,
      versions: list(text),
      platform: text,
      inputs: list(object(tensor)),
      outputs: list(object(tensor)),
      parameters: { type: "object" },
    },
    "versions",
    "parameters",
  ),
  modelReady: object({ name: text, ready: flag }),
  serverLive: object({ live: flag }),
  serverReady: object({ live: flag, ready: flag }),
  inference: object(
    { model_name: text, model_version: text, id: text, parameters, outputs: list(output) },
    "id",
    "parameters",
  ),
  repositoryIndex: list(object({ name: text, version: text, state: { enum: ["READY", "UNAVAILABLE"] }, reason: text })),
  statistics: object({
    model_stats: list(
      object({
        name: text,
        version: text,
        last_inference: count,
        inference_count: count,
        execution_count: count,
        inference_stats: object({
          success: tally,
          fail: tally,
          queue: tally,
          compute_input: tally,
          compute_infer: tally,
          compute_output: tally,
          cache_hit: tally,
          cache_miss: tally,
        }),
        batch_stats: { type: "array" },
      }),
    ),
  }),
  error: object({ error: { type: "string", minLength: 1 } }),
} as const satisfies Readonly<Record<string, object>>;

export type ProtocolReply = keyof typeof schemas;

const ajv = new Ajv2020({ allowUnionTypes: true, schemas: Object.fromEntries(Object.entries(schemas)) });

/** What a reply has that the protocol does not, or lacks; empty where it is as it should be. */
export function protocolComplaints(kind: ProtocolReply, body: unknown): readonly string[] {
  const validate = ajv.getSchema(kind);
  if (validate === undefined) throw new Error(`there is no schema "${kind}"`);
  if (validate(body) === true) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath || "/"} ${message ?? "is wrong"}`);
}
