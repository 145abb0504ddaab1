/** The part of JSON Schema that our schemas use. */
export interface JsonSchema {
  readonly type: "object" | "array" | "string" | "integer" | "number" | "boolean";
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly maxProperties?: number;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
}

/** Keywords that `accepts` knows; those of the first line say nothing about values. A test holds the schemas to them. */
export const knownKeywords: ReadonlySet<string> = new Set(
  [
    ["$id", "$schema", "title", "description"],
    [
      "type",
      "properties",
      "required",
      "additionalProperties",
      "maxProperties",
      "items",
      "minItems",
      "maxItems",
      "const",
      "enum",
    ],
    ["minLength", "maxLength", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
  ].flat(),
);

/**
 * Whether a value fits a schema, yes or no. It takes no time to load, and checks a document in a fraction of what ajv's
 * compiled validators take to load: these, which collect what is wrong, are for values that do not fit.
 */
export function accepts(schema: JsonSchema, value: unknown): boolean {
  if (schema.const !== undefined && value !== schema.const) return false;
  if (schema.enum !== undefined && !schema.enum.includes(value)) return false;
  switch (schema.type) {
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value) && acceptsFields(schema, value);
    case "array":
      return Array.isArray(value) && acceptsItems(schema, value);
    case "string":
      return typeof value === "string" && acceptsText(schema, value);
    case "integer":
      return typeof value === "number" && Number.isInteger(value) && isInRange(schema, value);
    case "number":
      return typeof value === "number" && Number.isFinite(value) && isInRange(schema, value);
    case "boolean":
      return typeof value === "boolean";
  }
}

function acceptsFields(
  { properties = {}, required = [], additionalProperties = true, maxProperties = Infinity }: JsonSchema,
  value: object,
): boolean {
  if (Object.keys(value).length > maxProperties) return false;
  for (const name of required) if (!Object.hasOwn(value, name)) return false;
  for (const [name, field] of Object.entries(value)) {
    const schema = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    if (schema === false || (typeof schema === "object" && !accepts(schema, field))) return false;
  }
  return true;
}

function acceptsItems({ items, minItems = 0, maxItems = Infinity }: JsonSchema, value: readonly unknown[]): boolean {
  if (value.length < minItems || value.length > maxItems) return false;
  return items === undefined || value.every((item) => accepts(items, item));
}

const patterns = new Map<string, RegExp>();

function acceptsText({ minLength = 0, maxLength = Infinity, pattern }: JsonSchema, value: string): boolean {
  if (value.length > maxLength && lengthOf(value) > maxLength) return false;
  if (minLength > 0 && lengthOf(value) < minLength) return false;
  return pattern === undefined || patternOf(pattern).test(value);
}

function patternOf(source: string): RegExp {
  const pattern = patterns.get(source) ?? new RegExp(source, "u");
  patterns.set(source, pattern);
  return pattern;
}

/** JSON Schema counts characters, not UTF-16 units. */
function lengthOf(text: string): number {
  return Array.from(text).length;
}

function isInRange(schema: JsonSchema, value: number): boolean {
  const { minimum = -Infinity, maximum = Infinity, exclusiveMinimum = -Infinity, exclusiveMaximum = Infinity } = schema;
  return value >= minimum && value <= maximum && value > exclusiveMinimum && value < exclusiveMaximum;
}
