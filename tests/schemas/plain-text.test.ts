import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { clipEvidence, oneLine } from "../../schemas/plain-text.ts";
import { Rejection } from "../../schemas/model-deployment.ts";
import { validateModelDeployment } from "../../schemas/kinds.ts";
import { checkTree } from "../../schemas/rules.ts";
import { aDeployment, aRejection, aTree } from "../support/builders.ts";

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 700 }),
  fc.string({ unit: "grapheme", maxLength: 700 }),
  fc.constantFrom("", "\n", "\u0000", "\ud800", "a".repeat(600), "😀".repeat(300)),
);

describe("untrusted text", () => {
  test("whatever it is, a document may hold it", () => {
    fc.assert(
      fc.property(text, fc.dictionary(text, text, { maxKeys: 6 }), (reason, raw) => {
        const evidence = clipEvidence(Object.entries(raw));
        const rejection = aRejection(2, { reason: oneLine(reason), evidence });
        const deployment = aDeployment({ spec: { rejected: [rejection] } });
        expect(Rejection.safeParse(rejection).success).toBe(true);
        expect(validateModelDeployment(deployment)).toBe(true);
        expect(checkTree(aTree({ deployments: { staging: [deployment] } }))).toEqual([]);
        for (const line of [rejection.reason, ...Object.entries(evidence).flat()]) {
          expect(line).toBe(oneLine(line));
          expect(line.isWellFormed()).toBe(true);
        }
      }),
    );
  });

  test("short evidence is kept as it is", () => {
    const evidence = { rate: "0.25", "p95 ms": "120", note: "größer als erlaubt 😀" };
    expect(clipEvidence(Object.entries(evidence))).toEqual(evidence);
    expect(oneLine("one line")).toBe("one line");
  });

  test("what is cut off shows", () => {
    expect(oneLine("abcdef", 4)).toBe("abc…");
    expect(oneLine("😀😀😀", 4)).toBe("😀…");
  });
});
