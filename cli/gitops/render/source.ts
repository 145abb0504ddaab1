import { isAlias, isCollection, isMap, isSeq, visit, type Document } from "yaml";
import { parseYaml } from "../../../schemas/document.ts";
import { ProblemError } from "../../../schemas/problem.ts";

/** A YAML text, what it says, and how its author lays things out. */
export interface Source {
  readonly text: string;
  readonly file: string | undefined;
  readonly document: Document.Parsed;
  /** The plain value of the whole document. */
  readonly value: unknown;
  /** Line break of the first line. */
  readonly eol: string;
  /** Columns that a nested map stands further right. */
  readonly step: number;
  /** Whether a list under a key stands further right than the key. */
  readonly indentsLists: boolean;
  /** Anchor -> number of aliases that refer to it. */
  readonly aliases: ReadonlyMap<string, number>;
}

/** Parses a text for editing. Throws a ProblemError with every problem where it is not one valid YAML document. */
export function readSource(text: string, file: string | undefined): Source {
  const { document, value, problems } = parseYaml(file ?? "document", text, { keepSourceTokens: true });
  if (document === null) throw new ProblemError(problems);
  return {
    text,
    file,
    document,
    value,
    eol: /\r?\n/.exec(text)?.[0] ?? "\n",
    aliases: countAliases(document),
    ...layoutOf(text, document),
  };
}

function countAliases(document: Document.Parsed): Map<string, number> {
  const aliases = new Map<string, number>();
  visit(document, {
    Alias: (_, alias) => {
      aliases.set(alias.source, (aliases.get(alias.source) ?? 0) + 1);
    },
  });
  return aliases;
}

/** The first nested map and the first list under a key show how the author indents. */
function layoutOf(text: string, document: Document.Parsed): Pick<Source, "step" | "indentsLists"> {
  let step: number | undefined;
  let indentsLists: boolean | undefined;
  visit(document, {
    Pair: (_, { key, value }) => {
      if (isAlias(key) || !isCollection(value) || value.flow || !value.range) return;
      const keyAt = (key as { range?: readonly number[] | null } | null)?.range?.[0];
      if (keyAt === undefined) return;
      const further = columnOf(text, value.range[0]) - columnOf(text, keyAt);
      if (isMap(value) && further > 0) step ??= further;
      if (isSeq(value)) indentsLists ??= further > 0;
    },
  });
  return { step: step ?? 2, indentsLists: indentsLists ?? true };
}

const byteOrderMark = "\uFEFF";

/** Offset of the first character of the line that holds `at`. */
export function lineStart(text: string, at: number): number {
  const start = text.lastIndexOf("\n", at - 1) + 1;
  return at > 0 && start === 0 && text.startsWith(byteOrderMark) ? 1 : at === 0 ? 0 : start;
}

/** Offset behind the last character of the line that holds `at`, before its line break. */
export function lineEnd(text: string, at: number): number {
  const newline = text.indexOf("\n", at);
  if (newline < 0) return text.length;
  return newline > at && text[newline - 1] === "\r" ? newline - 1 : newline;
}

/** Offset of the line break before the line that holds `at`; null in the first line. */
export function previousLineEnd(text: string, at: number): number | null {
  const newline = lineStart(text, at) - 1;
  if (text[newline] !== "\n") return null;
  return text[newline - 1] === "\r" ? newline - 1 : newline;
}

/** Columns count from 0; what stands before on the line is indentation and indicators, one column each. */
export function columnOf(text: string, at: number): number {
  return at - lineStart(text, at);
}

/** Nothing but white space stands before `at` on its line. */
export function startsLine(text: string, at: number): boolean {
  return isBlank(text.slice(lineStart(text, at), at));
}

/** White space as YAML has it; `trim` would take a byte order mark or a non-breaking space for it too. */
export function isBlank(text: string): boolean {
  return /^[ \t\r\n]*$/.test(text);
}
