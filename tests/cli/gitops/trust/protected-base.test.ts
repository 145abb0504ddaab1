import { afterEach, beforeEach, expect, test } from "bun:test";
import type { BranchRules } from "../../../../cli/demo/forge/server.ts";
import { commitCut, type CommitCutOptions } from "../../../../cli/gitops/commit-cut.ts";
import { ProtectedBranch } from "../../../../cli/gitops/core/ports.ts";
import { publish } from "../../../../cli/gitops/publish.ts";
import { cutParts, stableCut } from "../cut-parts.ts";
import { startHub, type Hub } from "../hub.ts";
import { rollback } from "../publisher.ts";
import { openInspector } from "./inspector.ts";

let hub: Hub;
beforeEach(async () => {
  hub = await startHub();
});
afterEach(() => hub[Symbol.asyncDispose]());

const rules: BranchRules = {
  as: "ruleset",
  pullRequest: { approvals: 0 },
  checks: { contexts: ["validate"], strict: true },
};

test.each(["ruleset", "protection"] as const)(
  "a %s keeps a commit off main, and is named as the reason",
  async (as) => {
    hub.server.settings.rules.set("main", { ...rules, as });
    const error = await publish(rollback, { baseBranch: "main", as: "commit" }, cutParts(hub)).catch(
      (thrown) => thrown,
    );
    expect(error).toBeInstanceOf(ProtectedBranch);
    expect(await hub.head("main")).toBe(hub.start);
  },
);

test("a check that main requires keeps a commit off it, too", async () => {
  hub.server.settings.rules.set("main", { as: "protection", checks: { contexts: ["validate"], strict: false } });
  const error = await publish(rollback, { baseBranch: "main", as: "commit" }, cutParts(hub)).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(ProtectedBranch);
});

test("the gateway's rollback waits for the review that main wants, and merges by itself when it is given", async () => {
  const { settings } = hub.server;
  settings.rules.set("main", { as: "ruleset", pullRequest: { approvals: 1 } });
  settings.allowAutoMerge = true;
  const options: CommitCutOptions = { baseBranch: "main", as: "commit", autoMerge: true, opened: null };
  const outcome = await commitCut(stableCut(), options, cutParts(hub));
  expect(outcome).toMatchObject({ kind: "waiting", pullRequest: { number: 1 } });
  expect(JSON.stringify(outcome)).not.toContain("a person has to merge");
  const review = (event: string) => hub.api("POST", "/pulls/1/reviews", { event, body: "Is it that bad?" });
  await review("REQUEST_CHANGES");
  expect(await hub.head("main")).toBe(hub.start);
  await review("APPROVE");
  expect(await hub.api("GET", "/pulls/1")).toMatchObject({ merged: true });
  expect(await commitCut(stableCut(), options, cutParts(hub))).toMatchObject({ kind: "skip" });
});

test("the gateway's rollback waits as a pull request, and merges by itself when the check has succeeded", async () => {
  const { settings } = hub.server;
  settings.rules.set("main", rules);
  settings.allowAutoMerge = true;
  const options: CommitCutOptions = { baseBranch: "main", as: "commit", autoMerge: true, opened: null };
  const outcome = await commitCut(stableCut(), options, cutParts(hub));
  expect(outcome).toMatchObject({ kind: "waiting", pullRequest: { number: 1 } });
  expect(JSON.stringify(outcome)).not.toContain("a person has to merge");
  expect(await hub.head("main")).toBe(hub.start);

  const { head } = (await hub.api("GET", "/pulls/1")) as { head: { sha: string } };
  await hub.api("POST", `/statuses/${head.sha}`, { state: "success", context: "validate" });
  expect(await hub.api("GET", "/pulls/1")).toMatchObject({ merged: true });
  await using inspector = await openInspector(hub.server.gitDir);
  const main = await hub.head("main");
  expect(await inspector.complaints(main)).toEqual([]);
  expect((await inspector.tree(main)).deployments.get("dev")?.get("fraud")?.spec.rejected).toMatchObject([
    { version: 2 },
  ]);
  expect(await commitCut(stableCut(), options, cutParts(hub))).toMatchObject({ kind: "skip" });
});
