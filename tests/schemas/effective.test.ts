import { describe, expect, test } from "bun:test";
import { effective, highestAttempt, kustomizationResources, servedSet } from "../../schemas/effective.ts";
import type { ModelDeployment } from "../../schemas/model-deployment.ts";
import { aDeployment, aRejection } from "../support/builders.ts";

/** Rejections in attempt 4 of these versions. */
const rejected = (...versions: number[]) => versions.map((version) => aRejection(version));
const shadow = (version: number) => ({ version, percent: 5 });

describe("the effective document and the served set", () => {
  const tables: [string, ModelDeployment, (string | number | null | number[])[]][] = [
    // stable@attempt, canary, shadow, previous, served
    ["plain", aDeployment(), ["1@5", null, null, [], [1]]],
    ["with a canary", aDeployment({ canary: 2 }), ["1@5", 2, null, [], [1, 2]]],
    [
      "with all",
      aDeployment({ stable: 3, canary: 5, spec: { previous: [2, 1], shadow: shadow(4) } }),
      ["3@5", 5, 4, [2, 1], [2, 3, 4, 5]],
    ],
    [
      "stable rejected",
      aDeployment({ stable: 3, spec: { previous: [2, 1], rejected: rejected(3) } }),
      ["2@null", null, null, [1], [1, 2]],
    ],
    [
      "stable and the next rejected",
      aDeployment({ stable: 3, spec: { previous: [2, 1], rejected: rejected(3, 2) } }),
      ["1@null", null, null, [], [1]],
    ],
    [
      "all rejected",
      aDeployment({ stable: 3, spec: { previous: [2], rejected: rejected(2, 3) } }),
      [null, null, null, [], []],
    ],
    ["canary rejected", aDeployment({ canary: 2, spec: { rejected: rejected(2) } }), ["1@5", null, null, [], [1]]],
    [
      "shadow rejected",
      aDeployment({ spec: { shadow: shadow(2), rejected: rejected(2) } }),
      ["1@5", null, null, [], [1]],
    ],
    ["canary is stable", aDeployment({ canary: 1 }), ["1@5", null, null, [], [1]]],
    [
      "the canary took over",
      aDeployment({ stable: 3, canary: 2, spec: { previous: [2, 1], rejected: rejected(3) } }),
      ["2@null", null, null, [1], [1, 2]],
    ],
    [
      "previous repeats",
      aDeployment({ stable: 3, spec: { previous: [2, 3, 2, 1] } }),
      ["3@5", null, null, [2, 1], [2, 3]],
    ],
  ];
  test.each(tables)("%s", (_, deployment, expected) => {
    const { stable, canary, shadow, previous } = effective(deployment);
    expect([
      stable && `${stable.version}@${stable.attempt}`,
      canary?.version ?? null,
      shadow?.version ?? null,
      [...previous],
      [...servedSet(deployment)],
    ]).toEqual(expected);
  });

  test("the kustomization names the deployment and the served set", () => {
    expect(kustomizationResources(aDeployment({ canary: 2 }))).toEqual([
      "deployment.yaml",
      "../../../registry/fraud/1",
      "../../../registry/fraud/2",
    ]);
  });
});

test("the highest attempt is that of stable, canary and all rejected", () => {
  expect(highestAttempt(null)).toBe(0);
  expect(highestAttempt(aDeployment())).toBe(5);
  expect(highestAttempt(aDeployment({ canary: 2 }))).toBe(6);
  expect(highestAttempt(aDeployment({ spec: { rejected: [aRejection(2, { attempt: 9 })] } }))).toBe(9);
});
