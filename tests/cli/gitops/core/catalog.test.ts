import { expect, test } from "bun:test";
import { modelsOf, placesOf, rejectionsIn } from "../../../../cli/gitops/core/catalog.ts";
import { aDeployment, aRejection, aTree } from "../../../support/builders.ts";

const tree = aTree({
  deployments: {
    staging: [aDeployment({ stable: 2, canary: 3, weight: 10, spec: { previous: [1] } })],
    prod: [aDeployment({ stable: 2, spec: { previous: [1], rejected: [aRejection(2, { reason: "slow" })] } })],
    dev: [aDeployment({ model: "churn", stable: 7 })],
  },
});

test("a version's places are those of the effective documents: one that is rejected is not stable, whatever the text says", () => {
  expect(placesOf(tree, "fraud", 1)).toEqual([
    { environment: "prod", as: "stable", weight: 100 },
    { environment: "staging", as: "previous", weight: null },
  ]);
  expect(placesOf(tree, "fraud", 2)).toEqual([
    { environment: "prod", as: "rejected", weight: null },
    { environment: "staging", as: "stable", weight: 90 },
  ]);
  expect(placesOf(tree, "fraud", 3)).toEqual([{ environment: "staging", as: "canary", weight: 10 }]);
  expect(placesOf(tree, "fraud", 9)).toEqual([]);
});

test("rejections say in which environment, and why", () => {
  expect(rejectionsIn(tree, "fraud", 2)).toMatchObject([{ environment: "prod", reason: "slow" }]);
  expect(rejectionsIn(tree, "fraud", 1)).toEqual([]);
});

test("a model that is deployed without being registered is listed, too", () => {
  expect(modelsOf(tree)).toEqual(["churn", "fraud"]);
});
