/** The part of JSON Schema that our schemas use; `describe` and its like say nothing about values. */
export interface JsonSchema {
  readonly type: "object" | "array" | "string" | "integer" | "number" | "boolean";
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
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

/** Whether a value fits. */
export type Check = (value: unknown) => boolean;

const keywords = [
  ["$id", "$schema", "title", "description"],
  ["type", "properties", "required", "additionalProperties", "items", "minItems", "maxItems", "const", "enum"],
  ["minLength", "maxLength", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
].flat();

/**
 * Makes a check that answers yes or no, from a JSON Schema. It starts and runs many times as fast as what ajv compiles,
 * which collects what is wrong: that is for the values that do not fit. Throws an Error on a keyword that it does not know.
 */
export function acceptor(schema: JsonSchema): Check {
  const unknown = Object.keys(schema).find((keyword) => !keywords.includes(keyword));
  if (unknown !== undefined) throw new Error(`accept.ts does not know the keyword "${unknown}"`);
  const fits = byType(schema);
  const allowed = "const" in schema ? [schema.const] : schema.enum;
  return allowed === undefined ? fits : (value) => fits(value) && allowed.includes(value);
}

function byType(schema: JsonSchema): Check {
  switch (schema.type) {
    case "object":
      return objects(schema);
    case "array":
      return arrays(schema);
    case "string":
      return strings(schema);
    case "integer":
      return numbers(schema, Number.isInteger);
    case "number":
      return numbers(schema, Number.isFinite);
    case "boolean":
      return (value) => typeof value === "boolean";
  }
}

function objects({ properties = {}, required = [], additionalProperties = true }: JsonSchema): Check {
  const fields = new Map(Object.entries(properties).map(([name, schema]) => [name, acceptor(schema)]));
  const others = typeof additionalProperties === "object" ? acceptor(additionalProperties) : () => additionalProperties;
  return (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
    if (!required.every((name) => Object.hasOwn(value, name))) return false;
    return Object.entries(value).every(([name, field]) => (fields.get(name) ?? others)(field));
  };
}

function arrays({ items, minItems = 0, maxItems = Infinity }: JsonSchema): Check {
  const fits = items === undefined ? () => true : acceptor(items);
  return (value) =>
    Array.isArray(value) && value.length >= minItems && value.length <= maxItems && value.every((item) => fits(item));
}

function strings({ minLength = 0, maxLength = Infinity, pattern }: JsonSchema): Check {
  const shape = pattern === undefined ? null : new RegExp(pattern, "u");
  return (value) =>
    typeof value === "string" &&
    (value.length <= maxLength || lengthOf(value) <= maxLength) &&
    (minLength === 0 || lengthOf(value) >= minLength) &&
    (shape === null || shape.test(value));
}

/** JSON Schema counts characters, not UTF-16 units. */
function lengthOf(text: string): number {
  return Array.from(text).length;
}

function numbers(schema: JsonSchema, isKind: (value: unknown) => boolean): Check {
  const { minimum = -Infinity, maximum = Infinity, exclusiveMinimum = -Infinity, exclusiveMaximum = Infinity } = schema;
  return (value) =>
    typeof value === "number" &&
    isKind(value) &&
    value >= minimum &&
    value <= maximum &&
    value > exclusiveMinimum &&
    value < exclusiveMaximum;
}
