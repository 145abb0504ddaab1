import type { ErrorObject } from "ajv";
import { oneLine } from "./plain-text.ts";
import { withoutSecrets } from "./secrets.ts";
import { nearestName } from "./words.ts";

/** For a document that says nothing that could be mended. */
export const restoreHint = "restore it from git, or delete it if it is not needed";

const typeNames: Readonly<Record<string, string>> = {
  object: "a map of fields",
  array: "a list",
  string: "text (in quotes, if it looks like a number)",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
};

const typeHints: Readonly<Record<string, string>> = {
  object: 'write "field: value" lines below it, indented by two spaces',
  array: 'write "- value" lines below it, or [value, value]',
  string: "put the value in quotes",
  integer: "write digits, without quotes",
  number: "write digits, without quotes",
  boolean: "write true or false, without quotes",
};

/** What ajv (with `verbose`) found, in words for people: what is wrong, and what to do next. */
export function explain(error: ErrorObject): { readonly message: string; readonly hint: string } {
  const params: Record<string, unknown> = error.params;
  const description = descriptionOf(error.parentSchema);
  const expected = description === null ? null : `expected ${description}`;
  switch (error.keyword) {
    case "required": {
      const field = String(params["missingProperty"]);
      const described = descriptionOf(propertiesOf(error)[field]);
      const hint = `add "${field}:" here${described === null ? "" : `: ${described}`}`;
      return { message: `"${field}" is missing`, hint };
    }
    case "type": {
      const type = String(params["type"]);
      const hint = error.instancePath === "" ? restoreHint : (typeHints[type] ?? fitting(error));
      return { message: `must be ${typeNames[type] ?? type}`, hint: expected ?? hint };
    }
    case "additionalProperties": {
      const meant = fieldMeant(error);
      const hint = "remove it, or check its spelling and indentation";
      return { message: "is not a field of this kind", hint: meant === null ? hint : `did you mean "${meant}"?` };
    }
    case "const": {
      const value = String(params["allowedValue"]);
      const field = error.instancePath.split("/").at(-1) ?? "";
      return { message: `must be ${JSON.stringify(params["allowedValue"])}`, hint: `write "${field}: ${value}"` };
    }
    case "enum": {
      const allowed = (params["allowedValues"] as unknown[]).map(String);
      const meant = nearestName(String(error.data), allowed);
      const hint = meant === null ? "choose one, spelled as it is here" : `did you mean "${meant}"?`;
      return { message: `must be one of ${allowed.join(", ")}`, hint };
    }
    case "pattern": {
      const pattern = String(params["pattern"]);
      // A pattern is for programs: people read what it stands for.
      const message = description === null ? `must match ${pattern}` : `"${shown(error)}" does not fit`;
      return { message, hint: expected ?? fitting(error) };
    }
    default:
      return { message: error.message ?? "is not valid", hint: expected ?? fitting(error) };
  }
}

/** The field that an unknown one may be a slip for; null where none is near, and of any other error. */
export function fieldMeant(error: ErrorObject): string | null {
  const unknown: unknown = error.params["additionalProperty"];
  return typeof unknown === "string" ? nearestName(unknown, Object.keys(propertiesOf(error))) : null;
}

function descriptionOf(schema: unknown): string | null {
  const description: unknown = (schema as { description?: unknown } | undefined)?.description;
  return typeof description === "string" ? description : null;
}

function propertiesOf({ parentSchema }: ErrorObject): Readonly<Record<string, unknown>> {
  return (parentSchema?.["properties"] as Record<string, unknown> | undefined) ?? {};
}

/** Names the value that has to go: on a long line it is not plain which one is meant. */
function fitting(error: ErrorObject): string {
  if (typeof error.data === "object" && error.data !== null) return "change what is listed here";
  return `replace "${shown(error)}" by a value that fits`;
}

/** The value, as far as a line has room for it: it may hold anything. */
function shown({ data }: ErrorObject): string {
  return oneLine(withoutSecrets(String(data)), 41);
}
