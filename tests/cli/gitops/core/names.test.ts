import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { editDistance } from "../../../../schemas/words.ts";
import { environmentProblems, modelProblems, nameProblems } from "../../../../cli/gitops/core/names.ts";
import { Name } from "../../../../schemas/fields.ts";
import { reservedNames } from "../../../../schemas/limits.ts";
import { aState, aTree, aVersion } from "../../../support/builders.ts";

describe("names", () => {
  test("are what the schema says, and not reserved", () => {
    const nearly = fc.stringMatching(/^[a-z0-9.A_-]{0,70}$/);
    fc.assert(
      fc.property(fc.oneof(fc.string(), nearly, fc.constantFrom(...reservedNames)), (name) => {
        const allowed = Name.safeParse(name).success && !reservedNames.some((reserved) => reserved === name);
        expect(nameProblems("model", name).length === 0).toBe(allowed);
      }),
    );
  });

  test("a name that is no name is shown so that a terminal stays whole", () => {
    expect(nameProblems("model", "a\u001b[31m\nb")[0]?.message).toBe('"a\\u001b[31m\\nb" cannot name a model');
    expect(nameProblems("model", "x".repeat(9000))[0]?.message.length).toBeLessThan(100);
  });

  test("long lists are cut short, and say so", () => {
    const versions = Array.from({ length: 13 }, (_, at) => aVersion(`model-${at}`));
    const [problem] = modelProblems(aState(aTree({ versions })), "nothing-like-it");
    expect(problem?.hint).toMatch(/^registered models: model-0, .*model-9 and 3 more$/);
  });

  test("where there is nothing, that is said", () => {
    expect(environmentProblems(aState(aTree({ environments: [] })), "prod")[0]?.hint).toBe(
      "there are no environments yet",
    );
    expect(modelProblems(aState(aTree({ versions: [] })), "x")[0]?.hint).toBe("there are no registered models yet");
  });
});

describe("edit distance", () => {
  test.each([
    ["", "", 0],
    ["abc", "", 3],
    ["kitten", "sitting", 3],
    ["fraud", "fraud", 0],
    ["fruad", "fraud", 1],
    ["fraudd", "farud", 2],
    ["ab", "ba", 1],
    ["abcd", "dcba", 3],
  ])("of %p and %p is %d", (from, to, distance) => {
    expect(editDistance(from, to)).toBe(distance);
  });

  test("is the same both ways, and at most the longer word", () => {
    const word = fc.string({ maxLength: 12 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });
});
