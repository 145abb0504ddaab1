import { describe, expect, test } from "bun:test";
import { parseYaml } from "../../schemas/document.ts";

/** A document whose fifth line, and what follows, is this. */
const complaints = (tail: string): string[] => {
  const text = `apiVersion: mmsp.dev/v1alpha1\nkind: Environment\nmetadata: {name: dev}\nspec:\n${tail}`;
  return parseYaml("f.yaml", text).problems.map(
    ({ line, column, message, hint }) => `${line}:${column} ${message}: ${hint}`,
  );
};

const pair = "is no `key: value`: write a key, a colon and a space before the value";

describe("a slip in YAML is told where it is, in words that do not come from a grammar", () => {
  test.each([
    ["a tab", "\tnamespace: x\n", "5:1 is indented by a tab: indent by spaces"],
    [
      "an open list",
      "  steps: [5, 10\n  backend: x\n",
      "5:10 the bracket that is opened here is not closed: close it with ]",
    ],
    ["an open map", "  slo: {errorRate: 0.1\n", "5:8 the bracket that is opened here is not closed: close it with }"],
    ["an open quote", '  a: "x\n  b: c\n', '5:6 the quote that is opened here is not closed: end the text with "'],
    ["an open apostrophe", "  a: 'x\n  b: c\n", "5:6 the quote that is opened here is not closed: end the text with '"],
    ["a bracket too many", "  steps: [5]]\n", "5:13 ] closes a bracket that is not open"],
    ["a comma too many", "  steps: [5,,10]\n", "5:13 nothing stands before this comma"],
    ["a missing comma", "  slo: {a: 1 b: 2}\n", "5:12 a second `key: value` without a comma before it"],
    ["a colon without a space", "  namespace:x\n  backend: y\n", `5:3 ${pair}`],
    ["a word alone", "  backend: y\n  namespace\n", `6:3 ${pair}`],
    ["a colon in a text", "  reason: it: is\n", "5:11 holds a second `key: value`: quote a text that holds a colon"],
    ["a key twice", "  a: 1\n  a: 2\n", "6:3 this key stands here for the second time: remove one of the two"],
    ["an entry too far left", "  a:\n    b: c\n   d: e\n", "7:1 stands in another column than what belongs to it"],
    ["a list that becomes a map", "  a:\n    - b\n    c: d\n", "7:1 stands in another column than what belongs to it"],
    ["an at sign", "  a: @x\n", "5:6 a value cannot start with @: put the value into quotes"],
    [
      "a backslash in double quotes",
      '  a: "C:\\path"\n',
      "5:9 \\p has no meaning within double quotes: write \\\\ for",
    ],
    ["text after a quote", '  a: "x" y\n', "5:10 does not belong to the value before it"],
    ["a comment without a space", '  a: "x"#c\n', "5:9 a comment needs a space before its #"],
    [
      "a template",
      "  a: {{ .Values.x }}\n",
      "5:7 a map or a list cannot be a key: quote a text that starts with a bracket",
    ],
    ["a dash on the key's line", "  a: - b\n", "5:6 a list cannot begin on the line of its key"],
    ["an alias of nothing", "  a: *x\n", "5:6 nothing before it is called &x: quote a text that starts with *"],
    ["an anchor without a name", "  a: &\n", "5:6 & or * is used in a way that YAML does not know"],
    ["an error that is rare", "  a: !!str !!int 1\n", "5:12 "],
  ])("%s", (_, tail, expected) => {
    const [first = "", ...others] = complaints(tail);
    expect(first).toStartWith(expected);
    expect(others).toEqual([]);
  });

  test("several slips are told together, one a line", () => {
    expect(complaints("  a: @x\n  b: `y`\n  c: 1\n  c: 2\n").map((complaint) => complaint.split(" ")[0])).toEqual([
      "5:6",
      "6:6",
      "8:3",
    ]);
  });

  test("a conflict that git left is told as that, and nothing else", () => {
    expect(complaints("<<<<<<< HEAD\n  a: 1\n=======\n  a: 2\n>>>>>>> branch\n")).toEqual([
      "5:1 git has left a conflict here: choose what is meant, and remove the lines with <<<<<<<, ======= and >>>>>>>",
    ]);
  });
});
