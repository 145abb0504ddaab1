import type { ErrorObject, ValidateFunction } from "ajv";
import { isMap, isNode, LineCounter, parseDocument, type Document, type Node, type YAMLError } from "yaml";
import { explain, restoreHint } from "./explain.ts";
import type { Problem } from "./problem.ts";

/** The largest manifest that is read. What people write has a few hundred lines. */
export const maxDocumentBytes = 1024 * 1024;

/** Aliases a document may expand to; more is an alias bomb. */
const maxAliases = 100;

export type Parsed<T> =
  | { readonly value: T; readonly problems: readonly [] }
  | { readonly value: null; readonly problems: readonly [Problem, ...Problem[]] };

/** A path inside a document: keys and list positions. */
export type DocumentPath = readonly (string | number)[];

/**
 * Reads one YAML document and checks it against its schema. All problems are collected, each with its line and column.
 * Refused besides what the schema says: more than one document, duplicate keys, alias bombs, more than 1 MiB.
 */
export function parseManifest<T>(file: string, text: string, validate: ValidateFunction<T>): Parsed<T> {
  const read = parseYaml(file, text);
  if (read.problems.length > 0) return { value: null, problems: nonEmpty(read.problems) };
  if (validate(read.value)) return { value: read.value, problems: [] };
  const problems = readable(validate.errors ?? []).map((error) => problemOf(file, read, error));
  return { value: null, problems: nonEmpty(problems) };
}

interface ReadYaml {
  readonly value: unknown;
  readonly document: Document.Parsed | null;
  readonly lines: LineCounter;
  readonly problems: readonly Problem[];
}

/** YAML text to a plain value, without a schema. `keepSourceTokens`: nodes know their tokens, as edits need it. */
export function parseYaml(file: string, text: string, { keepSourceTokens = false } = {}): ReadYaml {
  const lines = new LineCounter();
  const none = { value: null, document: null, lines };
  if (text.length > maxDocumentBytes) {
    const message = `has more than ${maxDocumentBytes} bytes`;
    return { ...none, problems: [{ code: "document-too-large", file, message, hint: restoreHint }] };
  }
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    keepSourceTokens,
  });
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => {
      const { line, col } = lines.linePos(error.pos[0]);
      return { code: "yaml-invalid", file, line, column: col, ...sayYamlError(error) };
    });
    return { ...none, problems };
  }
  if (document.contents === null) {
    return {
      ...none,
      problems: [{ code: "document-empty", file, message: "the document is empty", hint: restoreHint }],
    };
  }
  try {
    return { value: document.toJS({ maxAliasCount: maxAliases }), document, lines, problems: [] };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return {
      ...none,
      problems: [{ code: "yaml-aliases", file, message, hint: "write the values out instead of using YAML aliases" }],
    };
  }
}

function sayYamlError({ code, message }: YAMLError): Pick<Problem, "message" | "hint"> {
  if (code === "DUPLICATE_KEY") return { message, hint: "remove one of the two" };
  if (code === "MULTIPLE_DOCS") {
    return { message: "the file holds more than one YAML document", hint: "keep one document, without another `---`" };
  }
  return { message, hint: "mend the YAML syntax here" };
}

/** Where a value stands in the text, both from 1; of a missing key, where its parent stands. */
export function positionOf(read: ReadYaml, path: DocumentPath): { line: number; column: number } | undefined {
  let node: Node | null | undefined = read.document?.contents;
  let offset = node?.range?.[0];
  for (const key of path) {
    if (!isMap(node) && !(isNode(node) && "items" in node)) break;
    const collection = node as { get(key: string | number, keepScalar: true): unknown };
    const pair = isMap(node) ? node.items.find((item) => String(item.key) === String(key)) : undefined;
    const next = collection.get(key, true);
    offset = (isNode(pair?.key) ? pair.key.range?.[0] : isNode(next) ? next.range?.[0] : undefined) ?? offset;
    if (!isNode(next)) break;
    node = next;
  }
  if (offset === undefined) return undefined;
  const { line, col } = read.lines.linePos(offset);
  return { line, column: col };
}

/** `["spec", "previous", 0]` -> `spec.previous[0]`. */
export function formatPath(path: DocumentPath): string {
  return path.map((key, at) => (typeof key === "number" ? `[${key}]` : at === 0 ? key : `.${key}`)).join("");
}

/** Of the same place only the first complaint: after a wrong type, what the pattern says is noise. */
function readable(errors: readonly ErrorObject[]): ErrorObject[] {
  const seen = new Set<string>();
  return errors.filter((error) => {
    const key = `${error.instancePath}\n${String(error.params["missingProperty"] ?? error.params["additionalProperty"] ?? "")}`;
    return seen.has(key) ? false : seen.add(key);
  });
}

function problemOf(file: string, read: ReadYaml, error: ErrorObject): Problem {
  const extra: unknown = error.params["additionalProperty"];
  const path = pathOf(error.instancePath, read.value).concat(typeof extra === "string" ? [extra] : []);
  const position = positionOf(read, path);
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

function nonEmpty(problems: readonly Problem[]): readonly [Problem, ...Problem[]] {
  const [first, ...rest] = problems;
  if (first === undefined) throw new Error("an invalid document without a problem");
  return [first, ...rest];
}
