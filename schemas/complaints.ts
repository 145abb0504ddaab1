import type { ErrorObject } from "ajv";
import { formatPath } from "./document.ts";
import { explain, fieldMeant } from "./explain.ts";
import type { Problem } from "./problem.ts";
import { findPosition, readWhole, type ParsedYaml } from "./whole-yaml.ts";

/** What ajv found wrong with a document, for people, each with its place. */
export function schemaProblems(file: string, text: string, errors: readonly ErrorObject[]): Problem[] {
  const read = readWhole(file, text);
  return readable(errors).map((error) => problemOf(file, read, error));
}

/**
 * Of the same place only the first complaint: after a wrong type, what the pattern says is noise. And nothing is missing that is
 * there, but misspelled.
 */
function readable(errors: readonly ErrorObject[]): ErrorObject[] {
  const seen = new Set<string>();
  const misspelled = new Set(errors.map((error) => `${error.instancePath}\n${fieldMeant(error) ?? ""}`));
  return errors.filter((error) => {
    const { missingProperty: missing, additionalProperty: unknown } = error.params as Record<
      string,
      string | undefined
    >;
    if (missing !== undefined && misspelled.has(`${error.instancePath}\n${missing}`)) return false;
    const key = `${error.instancePath}\n${missing ?? unknown ?? ""}`;
    return seen.has(key) ? false : seen.add(key);
  });
}

function problemOf(file: string, read: ParsedYaml, error: ErrorObject): Problem {
  const extra: unknown = error.params["additionalProperty"];
  const path = pathOf(error.instancePath, read.value).concat(typeof extra === "string" ? [extra] : []);
  const isOfKey = error.keyword === "additionalProperties" || error.keyword === "required";
  const position = findPosition(read, path, isOfKey ? "key" : "value");
  return { code: `schema-${error.keyword}`, file, ...position, path: formatPath(path), ...explain(error) };
}

/** JSON pointer to path; a list position becomes a number. */
function pathOf(pointer: string, root: unknown): (string | number)[] {
  let value = root;
  return pointer
    .split("/")
    .slice(1)
    .map((part) => {
      const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
      const at = Array.isArray(value) ? Number(key) : key;
      value = (value as Record<string | number, unknown> | null)?.[at];
      return at;
    });
}
