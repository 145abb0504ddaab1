import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { mlflowProvenance, type MlflowRun } from "../../../../cli/gitops/core/mlflow-provenance.ts";
import { planRegister } from "../../../../cli/gitops/core/register.ts";
import { newDocument } from "../../../../cli/gitops/render/new-document.ts";
import { parseManifest } from "../../../../schemas/document.ts";
import { validateModelVersion } from "../../../../schemas/json/validators.js";
import { aState, aTree, register } from "../../../support/builders.ts";

const run = (facts: Partial<MlflowRun> = {}): MlflowRun => {
  return { id: "r1", artifactUri: "", metrics: [], params: [], tags: [], models: [], ...facts };
};

test("metrics that are no finite number are left out, and named", () => {
  const metrics = [
    ["auc", 0.9],
    ["loss", Number.NaN],
    ["worst", Number.MAX_VALUE],
  ] as const;
  const { metrics: kept, notices } = mlflowProvenance("models:/fraud/1", run({ metrics }), null);
  expect(kept).toEqual({ auc: 0.9 });
  expect(notices).toEqual(["metrics that are no finite number were left out: loss, worst"]);
});

test("a version's own tags come before the run's; MLflow's and mmsp's own stay away", () => {
  const tags = [
    ["team", "a"],
    ["mlflow.user", "root"],
    ["mmsp.rejected", "x"],
    ["seed", "1"],
  ] as const;
  const version = { model: "fraud", version: 1, run: "r1", stage: "None", tags: new Map([["team", "risk"]]) };
  const facts = mlflowProvenance("models:/fraud/1", run({ tags }), version);
  expect(facts.tags).toEqual({ team: "risk", seed: "1" });
  expect(facts.registered).toEqual({ model: "fraud", version: 1 });
});

test("only a whole commit of the training counts", () => {
  const of = (commit: string) =>
    mlflowProvenance("x", run({ tags: [["mlflow.source.git.commit", commit]] }), null).gitCommit;
  expect(of("a".repeat(40))).toBe("a".repeat(40));
  expect(of("a".repeat(7))).toBeNull();
});

test("of many params the first 64 are kept, and the rest counted", () => {
  const params = Array.from({ length: 70 }, (_, at) => [`p${at}`, "1"] as const);
  const facts = mlflowProvenance("x", run({ params }), null);
  expect(Object.keys(facts.params)).toHaveLength(64);
  expect(facts.notices).toEqual(["6 more params were left out: a version holds 64, with short names"]);
});

test("whatever people log, the document is valid, and says on reading what was meant", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 300 }),
    fc.constantFrom("no", "1.0", "{", "- a", "a: b", "null"),
  );
  const entries = fc.array(fc.tuple(text, text), { maxLength: 80 });
  const metrics = fc.array(fc.tuple(text, fc.double()), { maxLength: 80 });
  fc.assert(
    fc.property(entries, entries, metrics, text, (params, tags, metrics, id) => {
      const facts = mlflowProvenance(`runs:/${id}/model`, run({ id, params, tags, metrics }), null);
      const command = register({
        metrics: facts.metrics,
        provenance: { source: facts.source, gitCommit: null, createdBy: null, mlflow: facts },
      });
      const plan = planRegister(command, aState(aTree({ versions: [] })));
      expect(plan.kind).toBe("change");
      if (plan.kind !== "change" || plan.subject === null) return;
      const read = parseManifest("v", newDocument(plan.subject), validateModelVersion);
      expect(read.problems).toEqual([]);
      expect(read.value).toEqual(JSON.parse(JSON.stringify(plan.subject)));
    }),
    { numRuns: 60 },
  );
});
