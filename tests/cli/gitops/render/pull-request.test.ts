import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { pullRequestBody } from "../../../../cli/gitops/render/pull-request.ts";
import { aDeployment, anEnvironment, aState, aTree, promote } from "../../../support/builders.ts";
import { changed } from "../../../support/plans.ts";
import { change, changes } from "./changes.ts";

const golden = join(import.meta.dir, "../../../golden/pull-request");

describe("the body of a pull request reads as in tests/golden/pull-request (UPDATE_GOLDEN=1 writes them)", () => {
  for (const [verb, planned] of Object.entries(changes)) {
    test(verb, async () => {
      const file = join(golden, `${verb}.md`);
      const body = pullRequestBody(planned);
      if (process.env["UPDATE_GOLDEN"] === "1") await Bun.write(file, body);
      expect(body).toBe(await Bun.file(file).text());
    });
  }
});

test("text from outside stands in code spans only", () => {
  const body = pullRequestBody(changes.rollback);
  const outside = body.replaceAll(/(`+)[^\n]*?[^`]\1(?!`)/g, "");
  expect(outside).not.toMatch(/@|https?:|<script|#\d|\[click\]/);
});

test("evidence stays on its line", () => {
  expect(pullRequestBody(changes.rollback)).not.toMatch(/^# heading/m);
});

test("numbers can be copied: a minus is the one on the keyboard", () => {
  expect(pullRequestBody(changes.deploy)).toContain("| 0.97 | 0.9649 | -0.0051, worse |");
});

test("what a person wants to be taken out is taken out by the merge, and what the gateway judged is out already", () => {
  expect(pullRequestBody(changes.rollback)).toContain("The guard took version 3 (canary, attempt 6) out at 2026");
  const rejection = { version: 3, attempt: 6, at: "2026-11-21T08:10:00Z", phase: "canary", by: "person" } as const;
  const asked = change({ ...changes.rollback, rejection: { ...rejection, reason: "odd" } });
  expect(pullRequestBody(asked)).toContain("A person takes version 3 (canary, attempt 6) out: `odd`");
});

test("what to know besides stands above the model's tables", () => {
  const headings = pullRequestBody(changes.register).match(/^### .*$/gm) ?? [];
  expect([...headings]).toEqual(["Notes", "How to undo", "Model", "Signature", "Metrics"].map((name) => `### ${name}`));
});

test("a promotion past the way that the policies name says so to the reviewer, before anything of the model", () => {
  const environments = [
    anEnvironment("dev", { promotesTo: "staging" }),
    anEnvironment("staging", { promotesTo: "prod" }),
    anEnvironment("prod"),
  ];
  const state = aState(aTree({ environments, deployments: { dev: [aDeployment()] } }));
  const bodyFor = (to: string) => pullRequestBody(changed(promote({ environment: "dev", to }), state).change);
  expect(bodyFor("prod")).toMatch(
    /### Notes\n\n- goes past the policy of dev, which promotes to staging, not to prod\n.*### Model/s,
  );
  expect(bodyFor("staging")).not.toContain("past the policy");
});

test("the first version of a model cannot be rolled back, and the body says so", () => {
  const after = [{ version: 3, phase: "stable", percent: 100 }] as const;
  const body = pullRequestBody(change({ verb: "deploy", traffic: { before: [], after } }));
  expect(body).toContain("Requests to fraud in prod go to version 3; the model was not served there before.");
  expect(body).toContain("no earlier version to go back to");
});

test("a change of weight is undone by the old weight", () => {
  const share = (percent: number) => ({ version: 3, phase: "canary", percent }) as const;
  const body = pullRequestBody(change({ verb: "deploy", traffic: { before: [share(10)], after: [share(50)] } }));
  expect(body).toContain("`mmsp deploy fraud --version 3 --canary 10 --env prod`");
});

test("an unchanged signature is told in a word", () => {
  expect(pullRequestBody(changes.promote)).toContain("### Signature\n\nUnchanged from version 2.");
});
