import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { readWorkflow } from "../../../../../cli/gitops/edges/github/workflow.ts";

const template = join(import.meta.dir, "../../../../../templates/project/.github/workflows/mmsp.yml");

describe("a workflow file", () => {
  test("as init writes it checks by the name validate, needs no secret, and does not know where mmsp comes from", async () => {
    expect(readWorkflow(await Bun.file(template).text())).toEqual({ source: "", check: "validate", secrets: [] });
  });

  test("may name its job, pin its source and use secrets", () => {
    const text = `
env: {MMSP_SOURCE: " https://host/mmsp-0.1.0.tgz "}
jobs:
  validate:
    name: Check documents
    steps: [{env: {A: "\${{ secrets.NPM_TOKEN }}", B: "\${{secrets.GITHUB_TOKEN}}", C: "\${{ secrets.NPM_TOKEN }}"}}]
`;
    expect(readWorkflow(text)).toEqual({
      source: "https://host/mmsp-0.1.0.tgz",
      check: "Check documents",
      secrets: ["NPM_TOKEN"],
    });
  });

  test("has no need of the secrets of a job that only a variable turns on", () => {
    const text = `
jobs:
  validate: {steps: [{env: {A: "\${{ secrets.A }}"}}]}
  sync: {if: "vars.SERVER != ''", steps: [{env: {B: "\${{ secrets.B }}"}}]}
`;
    expect(readWorkflow(text).secrets).toEqual(["A"]);
  });

  test.each(["", "a: b: c: [", "just text", "jobs: {validate: null}", "env: {OTHER: 1}"])(
    "of %j breaks nothing",
    (text) => {
      expect(readWorkflow(text)).toEqual({ source: null, check: "validate", secrets: [] });
    },
  );
});
