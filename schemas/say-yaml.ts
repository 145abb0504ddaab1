import type { ErrorCode, YAMLError } from "yaml";
import type { Problem } from "./problem.ts";

type Words = Pick<Problem, "message" | "hint">;

/** What the library's error means for people; of errors of one code, those whose message has a form. `$1` is a part of it. */
interface Saying extends Words {
  readonly code: ErrorCode;
  readonly form?: RegExp;
}

const pair = { message: "is no `key: value`", hint: "write a key, a colon and a space before the value" };

/** The first that fits counts. */
const sayings: readonly Saying[] = [
  { code: "TAB_AS_INDENT", message: "is indented by a tab", hint: "indent by spaces: YAML has no tabs there" },
  {
    code: "BAD_INDENT",
    form: /^Flow .* end with a (.)$/,
    message: "the bracket that is opened here is not closed",
    hint: "close it with $1, and indent what is in it further than its key",
  },
  {
    code: "BAD_INDENT",
    message: "stands in another column than what belongs to it",
    hint: "indent it like the entries above it, and write every entry of a list as `- value`",
  },
  {
    code: "BLOCK_AS_IMPLICIT_KEY",
    message: "holds a second `key: value`",
    hint: "quote a text that holds a colon and a space, or mend the indentation of the next line",
  },
  { code: "MULTILINE_IMPLICIT_KEY", ...pair },
  {
    code: "MISSING_CHAR",
    form: /^Missing closing (.)quote$/,
    message: "the quote that is opened here is not closed",
    hint: "end the text with $1",
  },
  {
    code: "MISSING_CHAR",
    form: /^Comments must be separated/,
    message: "a comment needs a space before its #",
    hint: "add a space, or quote the text that the # belongs to",
  },
  { code: "MISSING_CHAR", form: /^Implicit map keys/, ...pair },
  { code: "DUPLICATE_KEY", message: "this key stands here for the second time", hint: "remove one of the two" },
  {
    code: "MULTIPLE_DOCS",
    message: "the file holds more than one YAML document",
    hint: "keep one document, without another `---`",
  },
  {
    code: "BAD_SCALAR_START",
    form: /^.* character (.)$/,
    message: "a value cannot start with $1",
    hint: "put the value into quotes",
  },
  {
    code: "BAD_DQ_ESCAPE",
    form: /^Invalid escape sequence (.*)$/,
    message: "$1 has no meaning within double quotes",
    hint: "write \\\\ for a backslash, or use single quotes",
  },
  {
    code: "BLOCK_IN_FLOW",
    message: "a second `key: value` without a comma before it",
    hint: "separate entries by commas: {a: 1, b: 2}",
  },
  {
    code: "NON_STRING_KEY",
    message: "a map or a list cannot be a key",
    hint: "quote a text that starts with a bracket, as those of templates do: '{{ x }}'",
  },
  { code: "KEY_OVER_1024_CHARS", message: "the key is longer than 1024 characters", hint: "shorten it" },
  {
    code: "UNEXPECTED_TOKEN",
    form: /^Unexpected scalar at node end$/,
    message: "does not belong to the value before it",
    hint: "quote the whole value, or mend the indentation of this line",
  },
  {
    code: "UNEXPECTED_TOKEN",
    form: /^Unexpected flow-\w+-end token in YAML stream: "(.)"$/,
    message: "$1 closes a bracket that is not open",
    hint: "remove it, or open the bracket before",
  },
  {
    code: "UNEXPECTED_TOKEN",
    form: /^Unexpected , in flow .*$/,
    message: "nothing stands before this comma",
    hint: "remove one of the commas",
  },
  {
    code: "UNEXPECTED_TOKEN",
    form: /^Unexpected block-seq-ind on same line with key$/,
    message: "a list cannot begin on the line of its key",
    hint: "begin it on the next line: `- value`",
  },
  { code: "UNEXPECTED_TOKEN", message: "does not belong here", hint: "remove it, or put the whole value into quotes" },
  { code: "BAD_DIRECTIVE", message: "a line that starts with % is no part of a document", hint: "remove the line" },
  ...(["BAD_ALIAS", "ALIAS_PROPS", "MULTIPLE_ANCHORS", "BAD_PROP_ORDER"] as const).map((code) => ({
    code,
    message: "& or * is used in a way that YAML does not know",
    hint: "write the value out, or quote a text that starts with & or *",
  })),
];

/** In words for people who do not know the terms of YAML's grammar; of errors that are rare, in the library's. */
export function sayYamlError({ code, message }: YAMLError): Words {
  const saying = sayings.find((saying) => saying.code === code && (saying.form?.test(message) ?? true));
  if (saying === undefined) return { message, hint: "mend the YAML syntax here" };
  const part = saying.form?.exec(message)?.[1] ?? "";
  return { message: saying.message.replace("$1", () => part), hint: saying.hint.replace("$1", () => part) };
}
