import { describe, expect, test } from "bun:test";
import { applyDocuments } from "../../../../cli/gitops/core/apply-change.ts";
import { deploymentChanges, sameDocument } from "../../../../cli/gitops/core/documents.ts";
import { rolloutChange } from "../../../../cli/gitops/core/outcome.ts";
import { paths } from "../../../../schemas/tree.ts";
import { aDeployment, aTree, earlier, now } from "../../../support/builders.ts";

const before = aDeployment({ canary: 2 });
const tree = aTree({ deployments: { staging: [before] } });

describe("a difference", () => {
  test.each([
    ["order of keys", { a: 1, b: [{ c: 1, d: 2 }] }, { b: [{ d: 2, c: 1 }], a: 1 }, true],
    ["undefined and absent", { a: 1, b: undefined }, { a: 1 }, true],
    [
      "times of writing",
      { since: earlier, x: [{ createdAt: earlier }] },
      { since: now, x: [{ createdAt: now }] },
      true,
    ],
    ["a time of writing that is new", { since: earlier }, {}, true],
    ["another time", { at: earlier }, { at: now }, false],
    ["order of a list", [1, 2], [2, 1], false],
    ["a longer list", [1], [1, undefined], false],
    ["a list and a map", [], {}, false],
    ["null and a map", null, {}, false],
    ["number and text", { a: 1 }, { a: "1" }, false],
  ])("in %s: the same is %p", (_, left, right, same) => {
    expect(sameDocument(left, right)).toBe(same);
    expect(sameDocument(right, left)).toBe(same);
  });

  test("of times alone is no change: the plan is a skip", () => {
    const after = { ...before, spec: { ...before.spec, stable: { ...before.spec.stable, since: now } } };
    const rollout = {
      verb: "deploy",
      environment: "staging",
      version: 2,
      title: "x",
      subject: null,
      replaces: null,
    } as const;
    expect(rolloutChange(tree, { ...rollout, after })).toEqual({
      kind: "skip",
      reason: "staging says so of fraud already",
    });
  });

  test("in the kustomization alone touches that file only", () => {
    const path = paths.deploymentKustomization("staging", "fraud");
    const stale = { ...tree, kustomizations: new Map([...tree.kustomizations, [path, ["deployment.yaml"]]]) };
    expect(deploymentChanges(stale, "staging", before).map((change) => change.path)).toEqual([path]);
  });
});

test("a change is applied to a copy; null deletes", () => {
  const change = { environment: "staging", model: "fraud", version: 2 };
  const gone = applyDocuments(tree, {
    ...change,
    documents: [
      { path: paths.deployment("staging", "fraud"), value: null },
      { path: paths.deploymentKustomization("staging", "fraud"), value: null },
      { path: paths.version("fraud", 2), value: null },
    ],
  });
  expect(gone.deployments.get("staging")?.has("fraud")).toBe(false);
  expect(gone.kustomizations.has(paths.deploymentKustomization("staging", "fraud"))).toBe(false);
  expect([...(gone.versions.get("fraud")?.keys() ?? [])]).toEqual([1, 3]);
  expect(tree.deployments.get("staging")?.get("fraud")).toBe(before);
});
