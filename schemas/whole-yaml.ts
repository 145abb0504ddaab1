import {
  isCollection,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
  type Alias,
  type Document,
  type Node,
  type YAMLError,
} from "yaml";
import type { DocumentPath } from "./document.ts";
import { restoreHint } from "./explain.ts";
import { maxDocumentBytes } from "./limits.ts";
import type { Problem } from "./problem.ts";
import { sayYamlError } from "./say-yaml.ts";

/** Aliases a document may expand to; more is an alias bomb. */
const maxAliases = 100;

/** A text as `yaml` has it: with comments, and the place of everything. */
export interface ParsedYaml {
  readonly value: unknown;
  /** null where the text is no valid document. */
  readonly document: Document.Parsed | null;
  readonly lines: LineCounter;
  readonly problems: readonly Problem[];
}

/** YAML text to a plain value, without a schema. `keepSourceTokens`: nodes know their tokens, as edits need it. */
export function readWhole(file: string, text: string, { keepSourceTokens = false } = {}): ParsedYaml {
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
    return { ...none, problems: complaints(file, text, document, lines) };
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
    return { ...none, problems: [aliasProblem(file, document, lines, error)] };
  }
}

/** One complaint a line, as what follows a slip on its line is noise; a conflict that git has left is told alone. */
function complaints(file: string, text: string, document: Document.Parsed, lines: LineCounter): Problem[] {
  const conflict = /^(?:<{7} .*|={7}|>{7} .*)$/m.exec(text);
  if (conflict !== null) {
    const message = "git has left a conflict here";
    const hint = "choose what is meant, and remove the lines with <<<<<<<, ======= and >>>>>>>";
    return [{ code: "yaml-conflict", file, ...place(lines, conflict.index), message, hint }];
  }
  const seen = new Set<number>();
  return document.errors.flatMap((error) => {
    const at = place(lines, openingOf(document, error) ?? error.pos[0]);
    return seen.has(at.line)
      ? []
      : (seen.add(at.line), [{ code: "yaml-invalid", file, ...at, ...sayYamlError(error) }]);
  });
}

/** Where the bracket or quote begins that an error misses the end of: the library names where it had to end. */
function openingOf(document: Document.Parsed, { message, pos }: YAMLError): number | null {
  if (!/^Flow .* end with a|^Missing closing/.test(message)) return null;
  let opening: number | null = null;
  visit(document, {
    Node: (_, node) => {
      const [start = pos[0], end = pos[0]] = node.range ?? [];
      const isOpen = isCollection(node) ? node.flow === true : isScalar(node) && node.type?.startsWith("QUOTE");
      if (isOpen === true && start < pos[0] && end >= pos[0]) opening = start;
    },
  });
  return opening;
}

/** What a document's aliases cannot be replaced for: one names nothing, or they come to too much. */
function aliasProblem(file: string, document: Document.Parsed, lines: LineCounter, error: unknown): Problem {
  let unknown: Alias | undefined;
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document) === undefined) unknown ??= alias;
    },
  });
  if (unknown === undefined) {
    const message = error instanceof Error ? error.message : String(error);
    return { code: "yaml-aliases", file, message, hint: "write the values out instead of using YAML aliases" };
  }
  const message = `nothing before it is called &${unknown.source}`;
  const hint = "quote a text that starts with *, or write the value out";
  return { code: "yaml-aliases", file, ...place(lines, unknown.range?.[0] ?? 0), message, hint };
}

function place(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}

/**
 * Where a value stands in the text, both from 1: one that begins on a line below its key, as maps and lists do, where its key
 * stands; of a missing key, where its parent's key stands. `what`: the key itself is meant.
 */
export function findPosition(
  read: ParsedYaml,
  path: DocumentPath,
  what: "key" | "value" = "value",
): { line: number; column: number } | undefined {
  let node: Node | null | undefined = read.document?.contents;
  let offset = node?.range?.[0];
  for (const [at, key] of path.entries()) {
    if (!isMap(node) && !(isNode(node) && "items" in node)) break;
    const collection = node as { get(key: string | number, keepScalar: true): unknown };
    const pair = isMap(node) ? node.items.find((item) => String(item.key) === String(key)) : undefined;
    const next = collection.get(key, true);
    const start = isNode(next) ? next.range?.[0] : undefined;
    offset = (isNode(pair?.key) ? pair.key.range?.[0] : start) ?? offset;
    if (!isNode(next)) break;
    const isLast = at === path.length - 1;
    if (isLast && what === "value" && isOnLineOf(read.lines, offset, start)) offset = start;
    node = next;
  }
  if (offset === undefined) return undefined;
  return place(read.lines, offset);
}

function isOnLineOf(lines: LineCounter, key: number | undefined, value: number | undefined): boolean {
  return key !== undefined && value !== undefined && lines.linePos(key).line === lines.linePos(value).line;
}
