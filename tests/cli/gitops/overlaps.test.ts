import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Command, PromoteCommand } from "../../../cli/gitops/core/change.ts";
import type { PromoteAllCommand } from "../../../cli/gitops/core/promote-all.ts";
import { preview } from "../../../cli/gitops/preview.ts";
import { publish } from "../../../cli/gitops/publish.ts";
import { publishSet } from "../../../cli/gitops/publish-set.ts";
import { pullRequestBodyTogether } from "../../../cli/gitops/render/pull-request-together.ts";
import { paths } from "../../../schemas/tree.ts";
import { cutParts, planner } from "./cut-parts.ts";
import { deployment, sampleFiles, since } from "./documents.ts";
import { startHub, type Hub } from "./hub.ts";
import { rollback } from "./publisher.ts";

// Real git takes a while on a busy machine.
setDefaultTimeout(60_000);

const canary = `  canary: {version: 3, attempt: 6, since: "${since}", weight: 10}\n`;
const promote: PromoteCommand = { verb: "promote", environment: "dev", model: "fraud", version: null, to: null };
const promoteAll: PromoteAllCommand = { verb: "promote", environment: "dev", to: null };

let hub: Hub;
beforeEach(async () => {
  const kustomization = paths.deploymentKustomization("dev", "fraud");
  const files = sampleFiles();
  const list = files[kustomization]?.replace("]", ", ../../../registry/fraud/3]") ?? "";
  hub = await startHub({
    ...files,
    [paths.deployment("dev", "fraud")]: deployment("fraud") + canary,
    [kustomization]: list,
  });
});
afterEach(() => hub[Symbol.asyncDispose]());

async function publishedAs(command: Command, as: "pull-request" | "commit" = "pull-request") {
  const result = await publish(command, { baseBranch: "main", as }, cutParts(hub));
  if (result.kind !== "published" && result.kind !== "committed") throw new Error(JSON.stringify(result));
  return result;
}

async function publishedTogether() {
  const parts = { ...cutParts(hub), planner: { ...planner, bodyTogether: pullRequestBodyTogether } };
  const result = await publishSet(promoteAll, "main", parts);
  if (result.kind !== "published") throw new Error(JSON.stringify(result));
  return result;
}

const bodyOf = async (number: number) => ((await hub.api("GET", `/pulls/${number}`)) as { body: string }).body;

const open = async (head: string) => {
  await hub.push(head, { [`${head.replaceAll("/", "-")}.txt`]: "x" });
  await hub.api("POST", "/pulls", { head, base: "main", title: head });
};

describe("a pull request that meets another open one over the same model", () => {
  test("a promotion says so of a promotion of all, in what it prints and to the reviewer", async () => {
    await publishedTogether();
    const calls = hub.server.calls.length;
    const single = await publishedAs(promote);
    expect(hub.server.calls.length - calls).toBe(4);
    const told =
      "also open for fraud in dev: pull request #1 (promote --all, perhaps of other models); " +
      "once one of them is merged, plan the others again";
    expect(single.notices).toEqual([told]);
    if (single.kind !== "published") throw new Error(single.kind);
    expect(await bodyOf(single.pullRequest.number)).toContain("also open for fraud in dev: pull request #1 \\(");
    expect(await publishedAs(promote)).toMatchObject({ pullRequest: { action: "unchanged" }, notices: [told] });
  });

  test("a promotion of all says so of each model's own, and not of itself", async () => {
    await publishedAs(promote);
    for (let times = 0; times < 2; times++) {
      const { set, pullRequest } = await publishedTogether();
      expect(set.changes.map(({ notices }) => notices)).toEqual([
        ["also open for fraud in dev: pull request #1 (promote-3); once one of them is merged, plan the others again"],
      ]);
      expect(await bodyOf(pullRequest.number)).toContain("also open for fraud in dev: pull request #1 \\(");
    }
  });

  test("names those of the model and the environment only, and of many the first", async () => {
    for (const name of ["prod/fraud/deploy-3", "dev/fraud-eu/deploy-3", "dev/fraud/promote-3-2"]) {
      await open(`mmsp/${name}`);
    }
    expect((await publishedAs(promote)).notices).toEqual([]);
    for (const version of [11, 12, 13, 14, 15, 16, 17]) await open(`mmsp/dev/fraud/deploy-${version}`);
    const previewed = await preview(
      { ...rollback, reason: "slow" },
      { baseBranch: "main", as: "pull-request" },
      {
        ...cutParts(hub),
        artifacts: { read: () => Promise.reject(new Error("none")), check: () => Promise.resolve() },
      },
    );
    if (previewed.kind !== "preview") throw new Error(previewed.kind);
    const [notice] = previewed.change.notices;
    expect(notice).toContain("pull request #3 (promote-3-2), pull request #4 (deploy-11)");
    expect(notice).toContain("and 3 more");
  });

  test("a rollback that goes straight onto the branch names its own pull request, which waits for nothing any more", async () => {
    await publishedAs(rollback);
    const { notices } = await publishedAs(rollback, "commit");
    expect(notices).toEqual(["also open for fraud in dev: pull request #1 (rollback-3); plan it again"]);
  });

  test("names a registration that takes a deployment along, and none that only registers", async () => {
    const openAs = async (version: number, title: string) => {
      const head = `mmsp/registry/fraud/${version}-0123456${version}`;
      await hub.push(head, { [`${version}.txt`]: "x" });
      await hub.api("POST", "/pulls", { head, base: "main", title });
    };
    await openAs(4, "Register fraud 4");
    await openAs(5, "Register fraud 5 and deploy it to prod");
    expect((await publishedAs(promote)).notices).toEqual([]);
    await openAs(6, "Register fraud 6 and deploy it to prod and dev");
    await openAs(7, "Ours");
    expect((await publishedAs(promote)).notices).toEqual([
      "also open for fraud in dev: pull request #4 (registers version 6, and deploys it), " +
        "pull request #5 (registers version 7, and may deploy it); once one of them is merged, plan the others again",
    ]);
  });

  test("a rollback to a version that an open collection removes says so, also to the reviewer", async () => {
    await hub.push("mmsp/gc/registry", { "gone.txt": "x" });
    const title = "Remove fraud 1, which nothing serves";
    await hub.api("POST", "/pulls", { head: "mmsp/gc/registry", base: "main", title });
    const result = await publishedAs({ ...rollback, to: 1 });
    expect(result.notices).toEqual([
      "version 1 is the last: there is no earlier one to fall back to",
      "pull request #1 (gc) removes version 1 of fraud: `mmsp gc --apply` brings it up to date once this is merged",
    ]);
    if (result.kind !== "published") throw new Error(result.kind);
    expect(await bodyOf(result.pullRequest.number)).toContain("removes version 1 of fraud");
  });
});
