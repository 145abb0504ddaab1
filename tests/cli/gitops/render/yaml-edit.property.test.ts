import { expect, setDefaultTimeout, test } from "bun:test";
import * as fc from "fast-check";
import { parseYaml } from "../../../../schemas/document.ts";
import { ProblemError } from "../../../../schemas/problem.ts";
import { updateYaml } from "../../../../cli/gitops/render/yaml-edit.ts";
import { lostComments, touched } from "./touched.ts";
import { editedFrom, tapeOf, tapes, textFrom } from "./yaml-generator.ts";

setDefaultTimeout(30_000);

interface Case {
  readonly text: string;
  readonly current: unknown;
  readonly next: unknown;
}

const cases: fc.Arbitrary<Case> = fc
  .tuple(tapes, tapes)
  .map(([document, edits]) => {
    const text = textFrom(tapeOf(document));
    const { value, problems } = parseYaml("generated.yaml", text);
    return { text, current: value, valid: problems.length === 0, next: editedFrom(tapeOf(edits), value) };
  })
  .filter(({ valid, current }) => valid && typeof current === "object");

function holds(check: (example: Case) => void): void {
  fc.assert(fc.property(cases, check), { numRuns: 500, interruptAfterTimeLimit: 25_000 });
}

/** What the schema-less reader of the project sees. */
function read(text: string): unknown {
  const { value, problems } = parseYaml("result.yaml", text);
  expect(problems).toEqual([]);
  return value;
}

function linesOf(text: string): string[] {
  return text.split("\n").map((line) => line.replace(/^\uFEFF|\r$/g, ""));
}

function breaksOf(text: string): string[] {
  return [...new Set(text.match(/\r?\n/g))];
}

test("the edited text says exactly what it was asked to say", () => {
  holds(({ text, next }) => expect(read(updateYaml(text, next))).toEqual(next as object));
});

test("a text that says it already is not touched", () => {
  holds(({ text, current }) => expect(updateYaml(text, structuredClone(current))).toBe(text));
});

test("every line that holds no edited value is still there, in order", () => {
  holds(({ text, current, next }) => {
    const lines = new Set(touched(text, current, next).lines);
    // A comment that would become part of a text above it may move left, see block.ts.
    const plain = (line: string) => line.replace(/^ +(?=#)/, "");
    const result = linesOf(updateYaml(text, next)).map(plain);
    let from = 0;
    for (const [at, line] of linesOf(text).entries()) {
      // Blank lines may go with what stood above them.
      const follows = line === "" && lines.has(at - 1);
      if (follows) lines.add(at);
      if (lines.has(at)) continue;
      const found = result.indexOf(plain(line), from);
      expect({ line: at + 1, text: line, found: found >= 0 }).toEqual({ line: at + 1, text: line, found: true });
      from = found + 1;
    }
  });
});

test("comments survive, but for those on lines that are removed", () => {
  holds(({ text, current, next }) => expect(lostComments(text, current, next, updateYaml(text, next))).toEqual([]));
});

test("line breaks and the end of the file stay as they were", () => {
  holds(({ text, current, next }) => {
    const result = updateYaml(text, next);
    // Of a text with one kind of line break, no other kind is made.
    if (text.includes("\n")) expect(breaksOf(text)).toEqual(expect.arrayContaining(breaksOf(result)));
    const endIsTouched = touched(text, current, next).lines.has(linesOf(text).length - 1);
    if (!endIsTouched) expect(result.endsWith("\n")).toBe(text.endsWith("\n"));
    expect(result.startsWith("\uFEFF")).toBe(text.startsWith("\uFEFF"));
  });
});

test("a change and its reverse lead back to the same value", () => {
  holds(({ text, current, next }) =>
    expect(read(updateYaml(updateYaml(text, next), current))).toEqual(current as object),
  );
});

test("where values are shared by anchors, an edit is right or refused", () => {
  const shared = "base: &b {x: &c 1, l: [1, 2]}\nuse: *b\nlist: [*c, *b]\nown:\n";
  const outcomes = { right: 0, refused: 0 };
  const property = fc.property(tapes, (decisions) => {
    const current = read(shared);
    const next = editedFrom(tapeOf(decisions), current);
    try {
      expect(read(updateYaml(shared, next))).toEqual(next as object);
      outcomes.right++;
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      expect(error.problems[0]?.code).toBe("yaml-edit-unsafe");
      outcomes.refused++;
    }
  });
  fc.assert(property, { numRuns: 300 });
  expect(Math.min(outcomes.right, outcomes.refused)).toBeGreaterThan(20);
});
