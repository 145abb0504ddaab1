import { expect, test } from "bun:test";
import { rollbackPolicyOf } from "../../../../cli/gitops/core/rollback-policy.ts";
import { anEnvironment } from "../../../support/builders.ts";

test.each([
  ["dev", {}, { as: "commit", autoMerge: true }],
  ["prod", {}, { as: "commit", autoMerge: false }],
  ["prod", { autoMerge: true }, { as: "commit", autoMerge: true }],
  ["dev", { rollback: "pull-request", autoMerge: false }, { as: "pull-request", autoMerge: false }],
] as const)("in %s, publish %j means %j", (name, publish, policy) => {
  expect(rollbackPolicyOf(name, anEnvironment(name, { publish }))).toEqual(policy);
});

test("auto-merge stays off in prod also while its policy cannot be read", () => {
  expect(rollbackPolicyOf("prod", null)).toEqual({ as: "commit", autoMerge: false });
  expect(rollbackPolicyOf("dev", null)).toEqual({ as: "commit", autoMerge: true });
});
