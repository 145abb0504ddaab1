/** Nothing but the model's own deployment may stand in the way of its rollback. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { commitCuts, type CommitCutsOptions } from "../../../cli/gitops/commit-cuts.ts";
import { writeCut } from "../../../cli/gitops/commit-cut.ts";
import { openWorkingTree } from "../../../cli/gitops/edges/working-tree.ts";
import { publish } from "../../../cli/gitops/publish.ts";
import { paths } from "../../../schemas/tree.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { cutParts, planner, stableCut } from "./cut-parts.ts";
import { sampleFiles } from "./documents.ts";
import { startHub, type Hub } from "./hub.ts";
import { deploy, rollback } from "./publisher.ts";

const sample = sampleFiles(["fraud", "churn"]);
const long = "# long\n".repeat(100_000);

/** Broken -> the one file that is, and what it says then. */
const broken = {
  "an unknown field in environment.yaml": [paths.environment("dev"), `${sample[paths.environment("dev")]}  steep: 1\n`],
  "an environment.yaml that is no YAML": [paths.environment("dev"), "spec: [\n"],
  "an environment.yaml that is longer than GitHub shows": [paths.environment("dev"), long],
  "a broken mmsp.yaml": [paths.project, "kind: Nothing\n"],
  "the registry's word on the version that takes over": [paths.version("fraud", 1), "spec: {}\n"],
  "the registry's word on the version that leaves": [paths.version("fraud", 2), long],
} as const;

const cases = Object.entries(broken).map(([what, [file, text]]) => [what, file, text] as const);

let hub: Hub;
beforeEach(async () => {
  hub = await startHub(sample);
});
afterEach(() => hub[Symbol.asyncDispose]());

const document = paths.deployment("dev", "fraud");
const options: CommitCutsOptions = { baseBranch: "main", as: "commit", autoMerge: false, openedFor: () => null };

describe.each(cases)("%s", (_what, file, text) => {
  test("is a notice of a rollback's commit, alone or with others", async () => {
    await hub.push("main", { [file]: text });
    const answers = await commitCuts([stableCut(), stableCut("churn")], options, cutParts(hub));
    expect(answers.map(({ kind }) => kind)).toEqual(["committed", "committed"]);
    expect(answers[0]).toMatchObject({
      notices: expect.arrayContaining([expect.stringContaining(`${file} is broken`)]),
    });
    expect(await hub.show("main", document)).toContain("rejected:");
  });

  test("is a notice of a rollback's pull request, also of one that others have committed to", async () => {
    await hub.push("main", { [file]: text });
    const propose = () => publish(rollback, { baseBranch: "main", as: "pull-request" }, cutParts(hub));
    const first = await propose();
    expect(first).toMatchObject({ kind: "published", pullRequest: { action: "opened" } });
    await hub.push("mmsp/dev/fraud/rollback-2", { "notes.md": "why" });
    expect(await propose()).toMatchObject({
      kind: "published",
      pullRequest: { number: 1 },
      notices: expect.arrayContaining([expect.stringContaining(`${file} is broken`)]),
    });
  });

  test("holds up no edit of a working tree", async () => {
    using folder = temporaryFolder({ ...sample, [file]: text });
    await writeCut(stableCut(), openWorkingTree(folder.path), planner, "2026-11-21T08:10:00Z");
    expect(await Bun.file(`${folder.path}/${document}`).text()).toContain("rejected:");
  });

  test("stops a deploy as before", async () => {
    await hub.push("main", { [file]: text });
    const result = await publish(deploy, { baseBranch: "main", as: "pull-request" }, cutParts(hub));
    expect(result).toMatchObject({
      kind: "refusal",
      problems: expect.arrayContaining([expect.objectContaining({ file })]),
    });
  });
});

test.each([document, paths.deploymentKustomization("dev", "fraud")])("%s itself stops it", async (file) => {
  await hub.push("main", { [file]: "kind: [\n" });
  const result = await publish(rollback, { baseBranch: "main", as: "commit" }, cutParts(hub));
  expect(result).toMatchObject({ kind: "refusal", problems: [{ file }] });
  expect(await commitCuts([stableCut(), stableCut("churn")], options, cutParts(hub))).toMatchObject([
    { kind: "failed" },
    { kind: "committed" },
  ]);
});

test("many broken documents are one line each up to three, and a count", async () => {
  const files = [paths.project, paths.environment("dev"), paths.version("fraud", 1), paths.version("fraud", 3)];
  await hub.push("main", Object.fromEntries(files.map((file) => [file, "kind: [\n"])));
  const result = await publish(rollback, { baseBranch: "main", as: "commit" }, cutParts(hub));
  const notices = result.kind === "committed" ? result.notices : [];
  expect(notices.filter((notice) => notice.includes("is broken"))).toHaveLength(3);
  expect(notices.at(-1)).toBe("documents that are broken besides: 1; mmsp validate tells all of it");
});
