import { expect, test } from "bun:test";
import { factsTable } from "../../../../cli/gitops/render/model-facts.ts";
import { pullRequestBody } from "../../../../cli/gitops/render/pull-request.ts";
import { paramsTable, tagsTable } from "../../../../cli/gitops/render/training-facts.ts";
import { aVersion, earlier } from "../../../support/builders.ts";
import { change } from "./changes.ts";

const trained = (version: number, params: Record<string, string>, tags: Record<string, string> = {}) =>
  aVersion("fraud", version, {
    provenance: { createdAt: earlier, mlflowVersion: { model: "Fraud | EU", version: 7 }, params, tags },
  });

test("params stand beside those of the version that is replaced, in the order of the run", () => {
  expect(paramsTable(trained(1, { C: "1", old: "x" }), trained(2, { C: "2", solver: "lbfgs" }))).toBe(
    [
      "| Param | Version 1 | Version 2 |",
      "| --- | --- | --- |",
      "| `C` | `1` | `2` |",
      "| `solver` |  | `lbfgs` |",
      "| `old` | `x` |  |",
    ].join("\n"),
  );
});

test("a version without params or tags has no table of them", () => {
  expect(paramsTable(null, aVersion())).toBeNull();
  expect(tagsTable(aVersion())).toBeNull();
});

test("names and values of a run are text, whatever they hold: nobody is pinged, and no table breaks", () => {
  const version = trained(2, { "a|b`": "@team <img> https://x #1", __proto__x: "" }, { constructor: "x\ny" });
  const body = pullRequestBody(change({ verb: "register", subject: version, replaces: null }));
  expect(body).toContain("| `` a\\|b` `` | `@team <img> https://x #1` |");
  expect(body).toContain("### Tags\n\n| Tag | Version 2 |\n| --- | --- |\n| `constructor` | `x y` |");
  expect(factsTable(version, null)).toContain("| MLflow version | `Fraud \\| EU 7` |");
});
