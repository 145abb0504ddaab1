import type { schemaProblems } from "./complaints.ts";
import type { Validate } from "./kinds.ts";
import { maxDocumentBytes } from "./limits.ts";
import { readPlainYaml } from "./plain-yaml.ts";
import type { Problem } from "./problem.ts";
import type { opaque, soundParts } from "./sound-parts.ts";
import type { findPosition, ParsedYaml, readWhole } from "./whole-yaml.ts";

export type Parsed<T> =
  | { readonly value: T; readonly problems: readonly [] }
  | {
      readonly value: null;
      readonly problems: readonly [Problem, ...Problem[]];
      /** What can be read of it all the same, see sound-parts.ts: for rules, nothing acts on it. */
      readonly parts: T;
    };

/** A path inside a document: keys and list positions. */
export type DocumentPath = readonly (string | number)[];

/** A text's plain value; null where there are problems. */
export interface YamlValue {
  readonly value: unknown;
  readonly problems: readonly Problem[];
}

/**
 * Reads one YAML document and checks it against its schema. All problems are collected, each with its line and column.
 * Refused besides what the schema says: more than one document, duplicate keys, alias bombs, more than 1 MiB.
 */
export function parseManifest<T extends object>(file: string, text: string, validate: Validate<T>): Parsed<T> {
  const { value, problems } = readYaml(file, text);
  if (problems.length > 0) return { value: null, problems: nonEmpty(problems), parts: sound().opaque() };
  if (validate(value)) return { value, problems: [] };
  const told = nonEmpty(complaints().schemaProblems(file, text, validate.errors ?? []));
  return { value: null, problems: told, parts: sound().soundParts(value, validate) };
}

/** YAML text to a plain value, without a schema: at once where the text is plain, otherwise by `parseYaml`. */
export function readYaml(file: string, text: string): YamlValue {
  const value = text.length > maxDocumentBytes ? undefined : readPlainYaml(text);
  return value === undefined ? parseYaml(file, text) : { value, problems: [] };
}

/**
 * YAML text to a value that knows the place and the comments of everything, as complaints and edits need it.
 * `keepSourceTokens`: nodes know their tokens.
 */
export function parseYaml(file: string, text: string, options?: { keepSourceTokens: boolean }): ParsedYaml {
  return wholeYaml().readWhole(file, text, options);
}

/** Where a value stands in the text, see `findPosition`. */
export function positionOf(read: ParsedYaml, path: DocumentPath): { line: number; column: number } | undefined {
  return wholeYaml().findPosition(read, path);
}

/** Loaded, as `wholeYaml`, where there is something to complain of. */
function complaints(): { readonly schemaProblems: typeof schemaProblems } {
  return require("./complaints.ts") as ReturnType<typeof complaints>;
}

function sound(): { readonly opaque: typeof opaque; readonly soundParts: typeof soundParts } {
  return require("./sound-parts.ts") as ReturnType<typeof sound>;
}

/** Loaded where a text is not plain or has to be shown: the library takes longer to load than most trees to read. */
function wholeYaml(): { readonly readWhole: typeof readWhole; readonly findPosition: typeof findPosition } {
  return require("./whole-yaml.ts") as ReturnType<typeof wholeYaml>;
}

/** `["spec", "previous", 0]` -> `spec.previous[0]`. */
export function formatPath(path: DocumentPath): string {
  return path.map((key, at) => (typeof key === "number" ? `[${key}]` : at === 0 ? key : `.${key}`)).join("");
}

function nonEmpty(problems: readonly Problem[]): readonly [Problem, ...Problem[]] {
  const [first, ...rest] = problems;
  if (first === undefined) throw new Error("an invalid document without a problem");
  return [first, ...rest];
}
