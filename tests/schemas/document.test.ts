import { describe, expect, test } from "bun:test";
import { formatPath, parseManifest, parseYaml, positionOf } from "../../schemas/document.ts";
import checks from "../../schemas/json/checks.json" with { type: "json" };
import {
  validateEnvironment,
  validateModelDeployment,
  validateModelVersion,
  validateProject,
} from "../../schemas/kinds.ts";
import { maxDocumentBytes } from "../../schemas/limits.ts";
import { fail, formatProblem, ProblemError } from "../../schemas/problem.ts";

const head = "apiVersion: mmsp.dev/v1alpha1\nkind: ModelDeployment\nmetadata: {name: fraud}\n";
const body = 'spec:\n  model: fraud\n  stable: {version: 2, attempt: 5, since: "2026-11-20T09:12:00Z"}\n';
const parse = (text: string) => parseManifest("f.yaml", text, validateModelDeployment);
const places = (text: string) =>
  parse(text).problems.map(({ code, line, column, path }) => [code, line, column, path ?? ""].join(" "));

describe("a manifest", () => {
  test("that is sound becomes a value", () => {
    const parsed = parse(head + body);
    expect(parsed.problems).toEqual([]);
    expect(parsed.value?.spec.stable.version).toBe(2);
  });

  test("may have Windows line ends, a byte order mark and no newline at its end", () => {
    expect(parse(`\ufeff${(head + body).replaceAll("\n", "\r\n").trimEnd()}`).problems).toEqual([]);
  });

  test.each([
    ["a duplicate key", `${head}${body}  model: fraud\n`, ["yaml-invalid 7 3 "]],
    ["a duplicate key in a flow map", `${head}spec: {model: a, model: b}\n`, ["yaml-invalid 4 18 "]],
    ["a syntax error", `${head}spec: {model: [\n`, ["yaml-invalid 4 15 "]],
    ["a tab as indentation", `${head}spec:\n\tmodel: fraud\n`, ["yaml-invalid 5 1 "]],
    ["two documents", `${head}${body}---\n${head}${body}`, ["yaml-invalid 7 1 "]],
    ["a wrong type", head + body.replace("model: fraud", "model: [fraud]"), ["schema-type 5 10 spec.model"]],
    ["text for a number", head + body.replace("attempt: 5", 'attempt: "5"'), ["schema-type 6 33 spec.stable.attempt"]],
    [
      "a value outside its range",
      head + body.replace("version: 2", "version: 0"),
      ["schema-minimum 6 21 spec.stable.version"],
    ],
    ["a broken name", head + body.replace("model: fraud", "model: ../fraud"), ["schema-pattern 5 10 spec.model"]],
    ["an unknown field", `${head}${body}  canray: {weight: 1}\n`, ["schema-additionalProperties 7 3 spec.canray"]],
    ["a missing field", head + body.replace(", attempt: 5", ""), ["schema-required 6 3 spec.stable"]],
    ["a wrong kind", head.replace("ModelDeployment", "Deployment") + body, ["schema-const 2 7 kind"]],
    ["a value that is left out", head + body.replace(" fraud\n", "\n"), ["schema-type 5 9 spec.model"]],
    ["a map below its key for a word", head + body.replace("fraud", "\n    a: 1"), ["schema-type 5 3 spec.model"]],
    ["a broken entry of a list", `${head}${body}  previous: [1, x]\n`, ["schema-type 7 17 spec.previous[1]"]],
  ])("with %s is told by line and column", (_, text, expected) => {
    const found = places(text);
    expect(found.slice(0, expected.length)).toEqual(expected);
    expect(parse(text).value).toBeNull();
  });

  test.each([
    ["empty", "", "document-empty"],
    ["only a comment", "# nothing\n", "document-empty"],
    ["a list", "- a\n- b\n", "schema-type"],
    ["a word", "hello\n", "schema-type"],
    ["null", "null\n", "schema-type"],
    ["too large", `# ${"x".repeat(maxDocumentBytes)}\n`, "document-too-large"],
  ])("that is %s is refused", (_, text, code) => {
    const parsed = parse(text);
    expect(parsed.value).toBeNull();
    expect(parsed.problems.map((problem) => problem.code)).toEqual([code]);
  });

  test("that is one of several in a file is refused in words for people", () => {
    const { problems } = parse(`${head}${body}---\nmore: 1\n`);
    const { code, message, hint } = problems[0] ?? {};
    expect({ code, message, hint }).toEqual({
      code: "yaml-invalid",
      message: "the file holds more than one YAML document",
      hint: "keep one document, without another `---`",
    });
  });

  test("that is an alias bomb is refused at once", () => {
    const levels = Array.from({ length: 20 }, (_, at) => `l${at + 1}: &l${at + 1} [${`*l${at},`.repeat(9)}*l${at}]`);
    const started = performance.now();
    const parsed = parse(`l0: &l0 [x]\n${levels.join("\n")}\n`);
    expect(parsed.problems.map((problem) => problem.code)).toEqual(["yaml-aliases"]);
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test("names all that is wrong, each place once", () => {
    const text = `${head}spec:\n  model: UPPER\n  stable: {version: -1, since: yesterday}\n  extra: 1\n`;
    expect(places(text).toSorted()).toEqual([
      "schema-additionalProperties 7 3 spec.extra",
      "schema-minimum 6 21 spec.stable.version",
      "schema-pattern 5 10 spec.model",
      "schema-pattern 6 32 spec.stable.since",
      "schema-required 6 3 spec.stable",
    ]);
  });

  test("is told what is expected, and no pattern, where that is said", () => {
    const [problem] = parse(head + body.replace("model: fraud", "model: FRAUD")).problems;
    expect(problem).toMatchObject({
      message: '"FRAUD" does not fit',
      hint: "expected lower-case letters, digits and dashes, as in a DNS label",
    });
    const [escape] = parse(head + body.replace("model: fraud", String.raw`model: "\e[31mred"`)).problems;
    expect(escape?.message).toBe('"[31mred" does not fit');
  });

  test("is told in words that say what is expected", () => {
    const [problem] = parse(head + body.replace("attempt: 5", "attempt: 5.5")).problems;
    expect(problem && formatProblem(problem)).toStartWith("f.yaml:6:33 spec.stable.attempt: must be a whole number");
    const backend =
      "apiVersion: mmsp.dev/v1alpha1\nkind: Environment\nmetadata: {name: dev}\nspec: {namespace: x, backend: y}\n";
    expect(parseManifest("e.yaml", backend, validateEnvironment).problems[0]?.message).toBe(
      "must be one of triton, kserve, embedded",
    );
  });

  test.each([
    [
      "a missing field",
      head + body.replace(", attempt: 5", ""),
      'add "attempt:" here: the number of the rollout, from 1',
    ],
    ["a missing map", head, 'add "spec:" here'],
    ["another kind", head.replace("ModelDeployment", "Deployment") + body, 'write "kind: ModelDeployment"'],
    ["a field that is nearly right", `${head}${body}  canray: {}\n`, 'did you mean "canary"?'],
    ["a field from elsewhere", `${head}${body}  replicas: 1\n`, "remove it, or check its spelling and indentation"],
    ["a word in place of a map", `${head}spec: fraud\n`, 'write "field: value" lines below it, indented by two spaces'],
    ["a name with a space", `${head.replace("fraud", "'a b'")}${body}`, "expected lower-case letters, digits, dashes"],
    [
      "a number that is too small",
      `${head}${body}  serving: {intraOpThreads: 0}\n`,
      'replace "0" by a value that fits',
    ],
    [
      "a name like a path",
      head + body.replace("model: fraud", "model: a/b"),
      "expected lower-case letters, digits and",
    ],
    ["a broken header", `${head}${body}  routing: {stickyBy: cookie}\n`, "expected requests with the same value of"],
    [
      "too long a list",
      `${head}${body}  previous: [1, 3, 4, 5, 6, 7]\n`,
      "expected earlier stable versions, newest first",
    ],
  ])("with %s is told with what to do next", (_, text, hint) => {
    expect(parse(text).problems.map((problem) => problem.hint.slice(0, hint.length))).toEqual([hint]);
  });

  test.each([
    ["embeded", 'did you mean "embedded"?'],
    ["y", "choose one, spelled as it is here"],
  ])("with %p, which is none of the words allowed, is told which there are", (backend, hint) => {
    const environment = `apiVersion: mmsp.dev/v1alpha1\nkind: Environment\nmetadata: {name: dev}\nspec: {namespace: x, backend: ${backend}}\n`;
    expect(parseManifest("e.yaml", environment, validateEnvironment).problems).toMatchObject([{ hint }]);
  });

  test("with a field that is misspelled is not told that it is missing as well", () => {
    const { problems } = parse(head + body.replace("attempt", "atempt"));
    expect(problems).toMatchObject([{ path: "spec.stable.atempt", hint: 'did you mean "attempt"?', column: 24 }]);
    const other = parse(head + body.replace("attempt", "number")).problems;
    expect(other.map(({ code }) => code)).toEqual(["schema-required", "schema-additionalProperties"]);
  });

  test("with keys called like parts of an object does no harm", () => {
    const parsed = parse(`${head}${body}__proto__: {polluted: true}\nconstructor: 1\n`);
    expect(parsed.value).toBeNull();
    expect(parsed.problems.map(({ path = "" }) => path).toSorted()).toEqual(["__proto__", "constructor"]);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

/** Every field with a fixed choice of words, and every map with fixed fields, each with a slip in it and where it stands. */
function slipsIn(schema: unknown, path: string): { readonly path: string; readonly value: unknown }[] {
  const { enum: words, properties, items } = schema as Record<string, unknown>;
  if (Array.isArray(words)) return words.map((word) => ({ path, value: `${word}x` }));
  if (items !== undefined) {
    return slipsIn(items, `${path}[0]`).map(({ path, value }) => ({ path, value: [value] }));
  }
  const fields = Object.entries((properties ?? {}) as Record<string, unknown>);
  return fields.flatMap(([name, field]) => [
    ...slipsIn(field, `${path}.${name}`).map((slip) => ({ path: slip.path, value: { [name]: slip.value } })),
    { path: `${path}.${name}x`, value: { [`${name}x`]: 1 } },
  ]);
}

test.each([
  ["Environment", checks.Environment, validateEnvironment],
  ["ModelDeployment", checks.ModelDeployment, validateModelDeployment],
  ["ModelVersion", checks.ModelVersion, validateModelVersion],
  ["Project", checks.Project, validateProject],
] as const)("a slip in any word or field of %s is told with the word that was meant", (_, schema, validate) => {
  const slips = slipsIn(schema, "");
  expect(slips.length).toBeGreaterThan(10);
  for (const { path, value } of slips) {
    const { problems } = parseManifest<object>("f.yaml", JSON.stringify(value), validate);
    const told = problems.find((problem) => `.${problem.path ?? ""}` === path);
    expect({ path, hint: told?.hint }).toEqual({ path, hint: expect.stringMatching(/^did you mean "[\w-]+"\?$/) });
  }
});

describe("positions", () => {
  const read = parseYaml("f.yaml", "a:\n  b:\n    - x\n    - {c: 1}\n");
  test.each([
    [["a"], 1, 1],
    [["a", "b"], 2, 3],
    [["a", "b", 0], 3, 7],
    [["a", "b", 1, "c"], 4, 11],
    [["a", "b", 1, "missing"], 4, 7],
    [["a", "missing"], 1, 1],
    [["a", "b", 7], 2, 3],
  ])("of %p: of the value, unless it begins on a line below its key", (path, line, column) => {
    expect(positionOf(read, path)).toEqual({ line, column });
  });

  test("paths are written as people read them", () => {
    expect(formatPath(["spec", "previous", 0])).toBe("spec.previous[0]");
    expect(formatPath([])).toBe("");
  });
});

describe("problems", () => {
  test("are carried by one error, with everything in its message", () => {
    const stop = () => fail({ code: "x", message: "is broken", file: "a.yaml", line: 3, column: 4, hint: "mend it" });
    expect(stop).toThrow(ProblemError);
    expect(stop).toThrow("a.yaml:3:4: is broken\n  hint: mend it");
    expect(formatProblem({ code: "x", message: "no place", hint: "look" })).toBe("no place\n  hint: look");
  });
});
