import { expect, test } from "bun:test";
import { jsonTogether, renderTogether } from "../../cli/report-together.ts";
import { createStyle } from "../../cli/style.ts";
import { change, changes } from "./gitops/render/changes.ts";

const style = createStyle(false, {});
const frozen = { code: "environment-frozen", message: "prod is frozen", hint: "wait" };
const stays = { model: "wine", version: 1, reason: "it is stable already", problems: [] };
const refused = { model: "churn", version: 3, reason: frozen.message, problems: [frozen] };

const printed = (left: readonly (typeof stays | typeof refused)[]) => {
  const promoted = [change({ ...changes.promote })];
  const set = { verb: "promote", environment: "prod", title: "Promote", changes: promoted, left } as const;
  const result = { kind: "written", paths: ["a.yaml"] } as const;
  return renderTogether({ kind: "together", set, result }, { stdout: style, stderr: style });
};

test("where some models were refused, what was done is printed, why they were, each reason once, and the exit code is 1", () => {
  const { stdout, stderr, exitCode } = printed([refused, { ...refused, model: "other" }]);
  expect(stdout).toStartWith("✓ Promote\n  wrote a.yaml\n");
  expect(stdout).toContain("left out: churn: prod is frozen");
  expect(stderr).toBe("error: prod is frozen\n  hint: wait\n");
  expect(exitCode).toBe(1);
});

test("a model that is as it should be already is no failure", () => {
  expect(printed([stays])).toMatchObject({ stderr: "", exitCode: 0 });
});

test("what is so of all of them stands below the models, and in what programs read", () => {
  const promoted = [change({ ...changes.promote, asides: ["goes elsewhere"] })];
  const asides = ["the branch held others' commits"];
  const set = {
    verb: "promote",
    environment: "prod",
    title: "Promote",
    changes: promoted,
    left: [stays],
    asides,
  } as const;
  const together = { kind: "together", set, result: { kind: "written", paths: [] } } as const;
  const { stdout } = renderTogether(together, { stdout: style, stderr: style });
  expect(stdout).toContain("    note: goes elsewhere\n");
  expect(stdout).toEndWith("  left out: wine: it is stable already\n  note: the branch held others' commits\n");
  expect(jsonTogether(together)).toMatchObject({ notices: asides, changes: [{ notices: ["goes elsewhere"] }] });
});
