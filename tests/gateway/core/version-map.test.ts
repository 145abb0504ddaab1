import { expect, test } from "bun:test";
import { isKnown } from "../../../gateway/core/route.ts";
import { buildTable } from "../../../gateway/core/table.ts";
import { createVersionMap } from "../../../gateway/core/version-map.ts";
import { cutOf, deploymentOf, loadedOf, nothingElse, since } from "../../support/fleet.ts";

test("what is served no more goes when something else comes, the model with its last version", () => {
  const live = new Set(["fraud", "fraud 1"]);
  const map = createVersionMap(
    (model, version) => live.has(version === null ? model : `${model} ${version}`),
    () => ({ count: 0 }),
  );
  map.of("fraud", 1).count = 3;
  map.of("fraud", null).count = 5;
  map.of("churn", 1).count = 7;
  expect(map.find("churn", 1)).toEqual({ count: 7 });
  live.add("churn 2");
  expect(map.of("churn", 2)).toEqual({ count: 0 });
  expect(map.find("churn", 1)).toBeUndefined();
  expect([map.of("fraud", 1), map.of("fraud", null)]).toEqual([{ count: 3 }, { count: 5 }]);
});

test("a table knows what it serves, what it keeps out of memory, and what was taken out; nothing else", () => {
  const deployment = deploymentOf({ canary: { version: 2, attempt: 2, since, weight: 10 } });
  const models = new Map([["fraud", { deployment, loaded: new Map([[1, loadedOf(1)]]) }]]);
  const table = buildTable({ ...nothingElse, models, cuts: [cutOf({ version: 2, attempt: 2 })] });
  const versions = [null, 1, 2, 3].map((version) => isKnown(table, "fraud", version));
  expect(versions).toEqual([true, true, true, false]);
  expect(isKnown(table, "churn", null)).toBe(false);
});
