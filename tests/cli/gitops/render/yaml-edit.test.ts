import { describe, expect, test } from "bun:test";
import { ProblemError } from "../../../../schemas/problem.ts";
import { updateYaml } from "../../../../cli/gitops/render/yaml-edit.ts";

/** Text, value, expected text. */
function edits(cases: Readonly<Record<string, readonly [string, unknown, string]>>): void {
  for (const [name, [text, next, expected]] of Object.entries(cases)) {
    test(name, () => expect(updateYaml(text, next)).toBe(expected));
  }
}

function refuses(text: string, next: unknown): ProblemError {
  try {
    updateYaml(text, next, "deployment.yaml");
  } catch (error) {
    if (error instanceof ProblemError) return error;
    throw error;
  }
  throw new Error("was not refused");
}

describe("scalars", () => {
  edits({
    "a number is replaced and its comment stays": ["a: 1 # one\nb: 2\n", { a: 5, b: 2 }, "a: 5 # one\nb: 2\n"],
    "double quotes stay": ['a: "x"\n', { a: "y" }, 'a: "y"\n'],
    "single quotes stay": ["a: 'x'\n", { a: "it's" }, "a: 'it''s'\n"],
    "single quotes give way where the text cannot be written in them": ["a: 'x'\n", { a: "1\n2" }, 'a: "1\\n2"\n'],
    "a plain text stays plain": ["a: one word\n", { a: "two, words" }, "a: two, words\n"],
    "a plain text with a comma is quoted inside brackets": ["a: [one]\n", { a: ["x, y"] }, 'a: ["x, y"]\n'],
    "a text that would be read as a number is quoted": ["a: b\n", { a: "0123" }, 'a: "0123"\n'],
    "a text that would be read as a float is quoted": ["a: abc\n", { a: "1e3" }, 'a: "1e3"\n'],
    "an all-digit digest is quoted": ["a: abc\n", { a: "1".repeat(64) }, `a: "${"1".repeat(64)}"\n`],
    "true is quoted": ["a: b\n", { a: "true" }, 'a: "true"\n'],
    "no is quoted, for readers of YAML 1.1": ["a: b\n", { a: "no" }, 'a: "no"\n'],
    "a date is quoted": ["a: b\n", { a: "2026-11-20" }, 'a: "2026-11-20"\n'],
    "null is quoted as a text": ["a: b\n", { a: "null" }, 'a: "null"\n'],
    "null is written as null": ["a: b\n", { a: null }, "a: null\n"],
    "a text becomes a number": ['a: "5"\n', { a: 5 }, "a: 5\n"],
    "a value is put where there is none": ["a: # none yet\nb: 1\n", { a: 2, b: 1 }, "a: 2 # none yet\nb: 1\n"],
    "a value behind a tab stays there": ["a:\t1\n", { a: 2 }, "a:\t2\n"],
    "a quoted text of several lines is replaced whole": ['a: "x\n  y" # c\n', { a: "z" }, 'a: "z" # c\n'],
    "a text after | keeps its style": [
      "a: | # c\n  x\n  y\nb: 1\n",
      { a: "p\nq\n", b: 1 },
      "a: | # c\n  p\n  q\nb: 1\n",
    ],
    "a text after | becomes a number": ["a: | # c\n  x\n\nb: 1\n", { a: 3, b: 1 }, "a: 3 # c\n\nb: 1\n"],
    "a long text stays folded": ["a: >-\n  x\n  y\n", { a: "one line" }, "a: >-\n  one line\n"],
    "characters that do not show are escaped": ["a: b\n", { a: "x\u202Ey" }, 'a: "x\\u202ey"\n'],
  });
});

describe("maps", () => {
  edits({
    "a key is added at the end, above what belongs to the next": [
      "a:\n  b: 1 # one\n\n# about c\nc: 2\n",
      { a: { b: 1, d: 3 }, c: 2 },
      "a:\n  b: 1 # one\n  d: 3\n\n# about c\nc: 2\n",
    ],
    "a key goes behind the one that it follows": [
      "stable: 1 # now\n# earlier\nprevious: 0\n",
      { stable: 1, canary: 2, previous: 0 },
      "stable: 1 # now\ncanary: 2\n# earlier\nprevious: 0\n",
    ],
    "a key is added without a newline at the end": ["a: 1", { a: 1, b: 2 }, "a: 1\nb: 2"],
    "line breaks are those of the file": ["a: 1\r\n", { a: 1, b: 2 }, "a: 1\r\nb: 2\r\n"],
    "a key is added between braces": ["a: { b: 1 } # c\n", { a: { b: 1, c: 2 } }, "a: { b: 1, c: 2 } # c\n"],
    "a key is added to empty braces": ["a: {} # c\n", { a: { b: 1 } }, "a: {b: 1} # c\n"],
    "a map is put where there is none": ["a:\nb: 1\n", { a: { c: 2 }, b: 1 }, "a: {c: 2}\nb: 1\n"],
    "a map stands in block style beside others": [
      "stable:\n  version: 1\n",
      { stable: { version: 1 }, canary: { version: 2, weight: 10 } },
      "stable:\n  version: 1\ncanary:\n  version: 2\n  weight: 10\n",
    ],
    "a map stands in braces beside others": [
      "stable: {version: 1}\n",
      { stable: { version: 1 }, canary: { version: 2 } },
      "stable: {version: 1}\ncanary: {version: 2}\n",
    ],
    "a key goes with its lines and its own comment, not with the one above": [
      "a: 1\n# above\nb: # own\n  c: 1 # too\n# below\nd: 2\n",
      { a: 1, d: 2 },
      "a: 1\n# above\n# below\nd: 2\n",
    ],
    "a key goes from between braces": ["a: {b: 1, c: 2, d: 3}\n", { a: { b: 1, d: 3 } }, "a: {b: 1, d: 3}\n"],
    "the last key goes from between braces": ["a: {b: 1, c: 2 }\n", { a: { b: 1 } }, "a: {b: 1 }\n"],
    "the last key of a map goes": ["a: # c\n  b: 1\nd: 1\n", { a: {}, d: 1 }, "a: {} # c\nd: 1\n"],
    "the first key beside a dash goes": ["- a: 1\n  b: 2\n", [{ b: 2 }], "- b: 2\n"],
    "quoted keys are found": ["\"a\": 1\n'b': 2\n", { a: 1, b: 3 }, "\"a\": 1\n'b': 3\n"],
    "explicit keys are found": ["? a\n: 1\n? b\n: 2\n", { a: 5 }, "? a\n: 5\n"],
    "an explicit key without a value gets one": ["? a\nb: 1\n", { a: 2, b: 1 }, "? a\n: 2\nb: 1\n"],
    "JSON stays JSON": ['{"a": "x", "b": 1}\n', { a: "y", b: 1, c: "z" }, '{"a": "y", "b": 1, "c": "z"}\n'],
    "a key named like a property of objects is a key": ["a: 1\n", { a: 1, constructor: 2 }, "a: 1\nconstructor: 2\n"],
    "a key without a value in the new document is no key": ["a: 1\nb: 2\n", { a: 1, b: undefined }, "a: 1\n"],
  });
});

describe("lists", () => {
  edits({
    "an item is put in front, below the comment of the list": [
      "previous:\n  # newest first\n  - 2\n  - 1\n",
      { previous: [3, 2, 1] },
      "previous:\n  # newest first\n  - 3\n  - 2\n  - 1\n",
    ],
    "an item is appended without indentation": ["a:\n- 1\nb: 2\n", { a: [1, 2], b: 2 }, "a:\n- 1\n- 2\nb: 2\n"],
    "an item is put between others": ["- 1\n# c\n- 3\n", [1, 2, 3], "- 1\n- 2\n# c\n- 3\n"],
    "an item goes, comments between stay": ["- 1\n# c\n- 2 # own\n- 3\n", [1, 3], "- 1\n# c\n- 3\n"],
    "the last item goes": ["a: # c\n  - 1\nb: 2\n", { a: [], b: 2 }, "a: [] # c\nb: 2\n"],
    "an item is put in front between brackets": ["a: [2, 1] # c\n", { a: [3, 2, 1] }, "a: [3, 2, 1] # c\n"],
    "an item is appended between brackets": ["a: [ 1 ]\n", { a: [1, 2] }, "a: [ 1, 2 ]\n"],
    "an item is appended on a line of its own": [
      "a: [\n  1, # one\n  2 # two\n]\n",
      { a: [1, 2, 3] },
      "a: [\n  1, # one\n  2, # two\n  3\n]\n",
    ],
    "items come and go between brackets": ["a: [1, 2, 3, 4, 5]\n", { a: [2, 3, 4, 6] }, "a: [2, 3, 4, 6]\n"],
    "an item goes from brackets with comments": [
      "a: [\n  1, # one\n  # about two\n  2,\n]\n",
      { a: [1] },
      "a: [\n  1, # one\n  # about two\n]\n",
    ],
    "the oldest falls out while a new one comes in": [
      "a: [5, 4, 3, 2, 1]\n",
      { a: [6, 5, 4, 3, 2] },
      "a: [6, 5, 4, 3, 2]\n",
    ],
    "an empty list gets a first item": ["a: [] # c\n", { a: [1] }, "a: [1] # c\n"],
    "an empty list gets a first item that needs lines": [
      "rejected: [] # none\nb: 1\n",
      { rejected: [{ version: 3, evidence: { rate: "0.2" } }], b: 1 },
      'rejected: # none\n  - version: 3\n    evidence: {rate: "0.2"}\nb: 1\n',
    ],
    "a value inside an item changes alone": [
      "- name: a\n  x: 1 # c\n- name: b\n  x: 2\n",
      [
        { name: "a", x: 1 },
        { name: "b", x: 5 },
      ],
      "- name: a\n  x: 1 # c\n- name: b\n  x: 5\n",
    ],
    "lists in lists are found": ["- - 1\n  - 2\n- - 3\n", [[1], [3, 4]], "- - 1\n- - 3\n  - 4\n"],
  });
});

describe("documents", () => {
  edits({
    "markers, directives and comments stay": [
      "%YAML 1.2\n# top\n---\na: 1\n...\n# end\n",
      { a: 2 },
      "%YAML 1.2\n# top\n---\na: 2\n...\n# end\n",
    ],
    "a byte order mark stays": ["\uFEFFa: 1\nb: 2\n", { b: 2 }, "\uFEFFb: 2\n"],
    "a document of YAML 1.1 keeps what it merges": [
      "%YAML 1.1\n---\nbase: &b {x: 1}\nuse:\n  <<: *b\n  y: 2\n",
      { base: { x: 1 }, use: { x: 1, y: 3 } },
      "%YAML 1.1\n---\nbase: &b {x: 1}\nuse:\n  <<: *b\n  y: 3\n",
    ],
  });

  test("what is no YAML is told with its place", () => {
    expect(refuses("a: [1\nb: 2\n", {}).problems[0]).toMatchObject({ code: "yaml-invalid", file: "deployment.yaml" });
  });

  test("an empty document is refused", () => {
    expect(refuses("# nothing\n", { a: 1 }).problems[0]?.code).toBe("document-empty");
  });
});

describe("anchors and tags", () => {
  const shared = "base: &b\n  x: 1\nuse: *b\nother: 1\n";

  test("a value elsewhere in the document is edited", () => {
    const next = { base: { x: 1 }, use: { x: 1 }, other: 2 };
    expect(updateYaml(shared, next)).toBe(shared.replace("other: 1", "other: 2"));
  });

  test("an alias may go", () => {
    expect(updateYaml(shared, { base: { x: 1 }, other: 1 })).toBe("base: &b\n  x: 1\nother: 1\n");
  });

  test("a value that others refer to is not edited", () => {
    const [problem] = refuses(shared, { base: { x: 2 }, use: { x: 1 }, other: 1 }).problems;
    expect(problem).toMatchObject({ code: "yaml-edit-unsafe", file: "deployment.yaml", path: "base" });
    expect(problem?.hint).toContain("by hand");
  });

  test("an alias does not get a value of its own", () => {
    expect(refuses(shared, { base: { x: 1 }, use: { x: 2 }, other: 1 }).problems[0]?.path).toBe("use");
  });

  test("a value that others refer to does not go", () => {
    expect(refuses(shared, { use: { x: 1 }, other: 1 }).problems[0]?.message).toContain("&b");
  });

  test("an anchor that nothing refers to stays in front of the new value", () => {
    expect(updateYaml("a: &x 1\nb: &y\n  c: 1\n", { a: 2, b: { c: 1, d: 2 } })).toBe(
      "a: &x 2\nb: &y\n  c: 1\n  d: 2\n",
    );
  });

  test("a value with a tag is not replaced", () => {
    expect(refuses("a: !!str 12\n", { a: 12 }).problems[0]?.message).toContain("tag");
  });

  test("what is no JSON value is a mistake of the caller", () => {
    expect(() => updateYaml("a: 1\n", { a: () => 1 })).toThrow(TypeError);
  });
});

test.each([
  ["a: |+\n  text\n\n\nb: 1", { a: "text\n\n\n" }, "a: |+\n  text\n\n\n"],
  ["a: |+\n  text\n\nb: 1\n\nc: 2", { a: "text\n\n" }, "a: |+\n  text\n\n"],
  ["a: |+\r\n  text\r\n\r\nb: 1", { a: "text\n\n" }, "a: |+\r\n  text\r\n\r\n"],
  ["a: |+\n  text\n\nb: 1\n# why\nc: 2", { a: "text\n\n" }, "a: |+\n  text\n\n# why"],
  ["o:\n  a: |+\n    text\n\n  b: 1", { o: { a: "text\n\n" } }, "o:\n  a: |+\n    text\n\n"],
  ["a:\n  - |+\n    text\n\n  - 1\nb: 2", { a: ["text\n\n"] }, "a:\n  - |+\n    text\n\n"],
])("a text that keeps its blank lines keeps them where the last lines of the file go: %j", (text, next, expected) => {
  expect(updateYaml(text, next)).toBe(expected);
});
