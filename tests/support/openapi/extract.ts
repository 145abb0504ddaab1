/**
 * Takes from GitHub's OpenAPI description what the test server serves, for `replies.json`:
 *
 *     npm pack @octokit/openapi@23.0.2 && tar xzf octokit-openapi-*.tgz        (in a folder of its own: 400 MB)
 *     bun tests/support/openapi/extract.ts package/generated/api.github.com.deref.json
 *
 * To be run again when the server gets another route. Descriptions and examples are dropped, `nullable` becomes JSON Schema's,
 * and what occurs more than once stands in `$defs`.
 */
import { appTemplates } from "../../../cli/demo/forge/apps/routes.ts";
import { restTemplates } from "../../../cli/demo/forge/rest/serve.ts";
import { describedAs, type Described, type JsonSchema } from "./described.ts";

interface Description {
  readonly info: { readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Content>> }>>;
}

interface Content {
  readonly schema?: JsonSchema;
}

const dropped = new Set(
  "description title example examples default deprecated readOnly writeOnly nullable externalDocs discriminator xml".split(
    " ",
  ),
);

/** The schema as JSON Schema has it, in which null is a type. */
function converted(schema: JsonSchema): JsonSchema {
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) {
    if (dropped.has(key) || key.startsWith("x-")) continue;
    if (key === "properties") {
      const properties = Object.entries(value as Record<string, JsonSchema>);
      result[key] = Object.fromEntries(properties.map(([name, property]) => [name, converted(property)]));
    } else if (Array.isArray(value) && ["allOf", "anyOf", "oneOf"].includes(key)) {
      result[key] = (value as JsonSchema[]).map(converted);
    } else if (["items", "additionalProperties", "not"].includes(key) && typeof value === "object" && value !== null) {
      result[key] = converted(value as JsonSchema);
    } else result[key] = value;
  }
  return schema["nullable"] === true ? orNull(result) : result;
}

function orNull(schema: JsonSchema): JsonSchema {
  const { type } = schema;
  if (typeof type !== "string") return { anyOf: [schema, { type: "null" }] };
  const values = schema["enum"];
  return { ...schema, type: [type, "null"], ...(Array.isArray(values) ? { enum: [...values, null] } : {}) };
}

/** Shorter schemas are not worth a name. */
const shortest = 120;

/** Gives every schema that occurs more than once one place. */
function shared(replies: Described["replies"]): Described {
  const names = new Map<string, string>();
  const counts = new Map<string, number>();
  const $defs: Record<string, JsonSchema> = {};
  const each = (schema: JsonSchema, visit: (child: JsonSchema) => JsonSchema): JsonSchema =>
    Object.fromEntries(
      Object.entries(schema).map(([key, value]): [string, unknown] => {
        if (key === "properties") {
          const properties = Object.entries(value as Record<string, JsonSchema>);
          return [key, Object.fromEntries(properties.map(([name, child]) => [name, visit(child)]))];
        }
        if (["allOf", "anyOf", "oneOf"].includes(key)) return [key, (value as JsonSchema[]).map(visit)];
        const inner = ["items", "additionalProperties", "not"].includes(key) && typeof value === "object";
        return [key, inner ? visit(value as JsonSchema) : value];
      }),
    );
  const count = (schema: JsonSchema): JsonSchema => {
    const text = JSON.stringify(schema);
    counts.set(text, (counts.get(text) ?? 0) + 1);
    return counts.get(text) === 1 ? each(schema, count) : schema;
  };
  const place = (schema: JsonSchema): JsonSchema => {
    const text = JSON.stringify(schema);
    if (text.length < shortest || (counts.get(text) ?? 0) < 2) return each(schema, place);
    const known = names.get(text) ?? `s${names.size}`;
    if (!names.has(text)) {
      names.set(text, known);
      $defs[known] = each(schema, place);
    }
    return { $ref: `#/$defs/${known}` };
  };
  const schemas = Object.values(replies).flatMap((statuses) => Object.values(statuses));
  for (const schema of schemas) if (schema !== null) count(schema);
  const placed = Object.entries(replies).map(([operation, statuses]) => {
    const entries = Object.entries(statuses).map(([status, schema]) => [status, schema && place(schema)] as const);
    return [operation, Object.fromEntries(entries)] as const;
  });
  return { origin: "", replies: Object.fromEntries(placed), $defs };
}

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error("usage: bun tests/support/openapi/extract.ts api.github.com.deref.json");
const { paths, info } = (await Bun.file(path).json()) as Description;
const replies: Record<string, Record<string, JsonSchema | null>> = {};
for (const template of [...restTemplates, ...appTemplates]) {
  const name = describedAs(template);
  const [method = "", route = ""] = name.split(" ");
  const operation = paths[route]?.[method.toLowerCase()];
  if (operation === undefined) throw new Error(`GitHub's description has no ${name}`);
  replies[name] = Object.fromEntries(
    Object.entries(operation.responses).map(([status, { content }]) => {
      const schema = content?.["application/json"]?.schema;
      return [status, schema === undefined ? null : converted(schema)];
    }),
  );
}
const origin = `GitHub's REST API description ${info.version}, from @octokit/openapi 23.0.2 (MIT, Copyright GitHub and Octokit contributors)`;
const text = JSON.stringify({ ...shared(replies), origin });
await Bun.write(new URL("replies.json", import.meta.url), `${text}\n`);
process.stdout.write(`${Object.keys(replies).length} operations, ${text.length} characters\n`);
