import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { diffEnvironments, diffTrees } from "../../../../cli/gitops/core/diff-environments.ts";
import { leafChanges } from "../../../../cli/gitops/core/values.ts";
import type { ModelDeployment } from "../../../../schemas/model-deployment.ts";
import { sameDocument } from "../../../../cli/gitops/core/documents.ts";
import { anyDeployment } from "../../../support/arbitraries.ts";
import { aDeployment, anEnvironment, aProject, aRejection, aTree, aVersion } from "../../../support/builders.ts";

const inProd = (deployment: ModelDeployment) => aTree({ deployments: { prod: [deployment] } });

const told = (before: ModelDeployment, after: ModelDeployment) =>
  diffTrees(inProd(before), inProd(after)).map(
    ({ environment, model, what, from, to }) => `${model} ${environment}: ${what} ${from ?? ""} -> ${to ?? ""}`,
  );

test("a change of weight, a promotion and a rollback are told as people would", () => {
  const canary = (weight: number) => aDeployment({ stable: 2, canary: 3, weight });
  expect(told(canary(10), canary(50))).toEqual(["fraud prod: canary 3 10 % -> 50 %"]);
  expect(told(canary(50), aDeployment({ stable: 3, spec: { previous: [2] } }))).toEqual([
    "fraud prod: stable 2 -> 3",
    "fraud prod: canary 3 at 50 % -> ",
    "fraud prod: previous none -> 2",
  ]);
  const rejected = [aRejection(3, { by: "guard", reason: "errors 9 %" })];
  expect(told(canary(10), aDeployment({ stable: 2, spec: { rejected } }))).toEqual([
    "fraud prod: canary 3 at 10 % -> ",
    "fraud prod: rejected 3  -> by guard: errors 9 %",
  ]);
});

test("a rejected version that a stale merge leaves in the text is told as what it is: nothing that is served changes", () => {
  const before = aDeployment({ stable: 2, spec: { previous: [1], rejected: [aRejection(3)] } });
  const merged = aDeployment({ stable: 3, spec: { previous: [2, 1], rejected: [aRejection(3)] } });
  expect(told(before, merged)).toEqual(["fraud prod: named though rejected  -> stable 3"]);
  expect(told(merged, before)).toEqual(["fraud prod: named though rejected stable 3 -> "]);
});

test("settings are told leaf by leaf, and what has no name of its own by its path", () => {
  expect(told(aDeployment(), aDeployment({ spec: { slo: { errorRate: 0.02 } } }))).toEqual([
    "fraud prod: slo.errorRate  -> 0.02",
  ]);
  const again = aDeployment();
  again.spec.stable.attempt = 9;
  expect(told(aDeployment(), again)).toEqual(["fraud prod: stable.attempt 5 -> 9"]);
});

test("models, versions, policies and the project come and go", () => {
  const before = aTree({ environments: [anEnvironment("prod")], versions: [aVersion("fraud", 1)] });
  const after = aTree({
    environments: [anEnvironment("prod", { steps: [5, 100] })],
    versions: [aVersion("fraud", 1), aVersion("fraud", 2)],
    deployments: { prod: [aDeployment({ stable: 1, canary: 2, weight: 10 })] },
    project: aProject({ artifactStore: "models" }),
  });
  expect(diffTrees(before, after)).toMatchObject([
    { environment: "prod", model: "fraud", what: "deployment", from: null, to: "stable 1, canary 2 at 10 %" },
    { environment: null, model: "fraud", version: 2, what: "registered", from: null },
    { environment: "prod", model: null, what: "steps", from: null, to: "5, 100" },
    { environment: null, model: null, what: "artifactStore", from: "examples/store", to: "models" },
  ]);
  expect(diffTrees(after, before)).toHaveLength(4);
});

test("a kustomization that changes alone is told", () => {
  const tree = inProd(aDeployment());
  const edited = {
    ...tree,
    kustomizations: new Map([...tree.kustomizations].map(([path]) => [path, ["deployment.yaml"]])),
  };
  const paths = diffTrees(tree, edited).map(({ environment, model, version, what }) => [
    environment,
    model,
    version,
    what,
  ]);
  expect(paths).toContainEqual(["prod", "fraud", null, "kustomization"]);
  expect(paths).toContainEqual([null, "fraud", 3, "kustomization"]);
});

test("documents that differ never differ in silence, and the same tree has no differences", () => {
  fc.assert(
    fc.property(anyDeployment, anyDeployment, (before, after) => {
      expect(diffTrees(inProd(before), inProd(before))).toEqual([]);
      const isSame = sameDocument(before, after);
      expect(diffTrees(inProd(before), inProd(after)).length > 0).toBe(!isSame);
    }),
    { numRuns: 200 },
  );
});

test("two environments differ in versions, weights and the objectives in force", () => {
  const tree = aTree({
    environments: [anEnvironment("staging", { slo: { errorRate: 0.05 } }), anEnvironment("prod")],
    deployments: {
      staging: [aDeployment({ stable: 3 }), aDeployment({ model: "churn" })],
      prod: [aDeployment({ stable: 2, canary: 3, weight: 10, spec: { previous: [1] } })],
    },
  });
  expect(diffEnvironments(tree, "staging", "prod")).toEqual([
    { model: "churn", what: "stable", values: ["1", null] },
    { model: "fraud", what: "stable", values: ["3", "2"] },
    { model: "fraud", what: "canary", values: [null, "3 at 10 %"] },
    { model: "fraud", what: "slo.errorRate", values: ["0.05", "0.01"] },
  ]);
  expect(diffEnvironments(tree, "prod", "prod")).toEqual([]);
});

test("leaves are found however deep, lists and empty things are leaves themselves", () => {
  expect(leafChanges({ a: { b: 1, c: [1, 2] }, d: {} }, { a: { b: 2, c: [1] }, e: { f: true } })).toEqual([
    { path: "a.b", from: "1", to: "2" },
    { path: "a.c", from: "1, 2", to: "1" },
    { path: "d", from: "{}", to: null },
    { path: "e.f", from: null, to: "true" },
  ]);
});
