import { afterEach, beforeEach, expect, test } from "bun:test";
import { commitCuts, type CommitCutsOptions, type CutAnswer } from "../../../cli/gitops/commit-cuts.ts";
import type { PublishParts } from "../../../cli/gitops/publish.ts";
import type { Cut } from "../../../schemas/cut.ts";
import { parseYaml } from "../../../schemas/document.ts";
import type { ModelDeployment } from "../../../schemas/model-deployment.ts";
import { paths } from "../../../schemas/tree.ts";
import { runGit } from "../../support/git.ts";
import { cutParts, planner, stableCut } from "./cut-parts.ts";
import { sampleFiles } from "./documents.ts";
import { before, faulty, protectedBranch, startHub, type Hub } from "./hub.ts";

const models = Array.from({ length: 40 }, (_, at) => `model-${at}`);
const readAndCommit = ["graphql repository", "graphql createCommitOnBranch"];
const options: CommitCutsOptions = { baseBranch: "main", as: "commit", autoMerge: false, openedFor: () => null };

let hub: Hub;
beforeEach(async () => {
  hub = await startHub(sampleFiles(models));
});
afterEach(() => hub[Symbol.asyncDispose]());

function commit(cuts: readonly Cut[], more: Partial<CommitCutsOptions> = {}, parts: Partial<PublishParts> = {}) {
  return commitCuts(cuts, { ...options, ...more }, cutParts(hub, parts));
}

const kinds = (answers: readonly CutAnswer[]) => answers.map(({ kind }) => kind);
const git = (...args: string[]) => runGit(hub.server.gitDir, args);
const commitsOnMain = async () => Number(await git("rev-list", "--count", `${hub.start}..main`));

async function specOf(model: string): Promise<ModelDeployment["spec"]> {
  const path = paths.deployment("dev", model);
  return (parseYaml(path, await hub.show("main", path)).value as ModelDeployment).spec;
}

test("forty cuts of forty models are one read and one commit, and all are rejected in it", async () => {
  const answers = await commit(models.map((model) => stableCut(model)));
  expect(hub.operations()).toEqual(readAndCommit);
  expect(await commitsOnMain()).toBe(1);
  const oid = await hub.head("main");
  for (const answer of answers) expect(answer).toMatchObject({ kind: "committed", oid });
  expect(answers).toHaveLength(40);
  for (const model of models) {
    const { stable, rejected } = await specOf(model);
    expect([stable.version, rejected?.map(({ version }) => version)]).toEqual([1, [2]]);
  }
  expect(await hub.show("main", paths.deployment("dev", "model-7"))).toContain("# what people write stays");
});

test("the commit says how many, why each, and has the trailers of all", async () => {
  await commit([stableCut("model-1", { reason: "one in three fails" }), stableCut("model-2"), stableCut("model-3")]);
  const message = await git("log", "-1", "--format=%B", "main");
  const [subject, ...paragraphs] = message.split("\n\n");
  expect(subject).toBe("Roll back 3 versions in dev");
  expect(paragraphs).toHaveLength(4);
  expect(paragraphs[0]).toStartWith("Roll back model-1 2 in dev, version 1 serves\n");
  expect(paragraphs[0]).toContain("Taken out by an alert: one in three fails");
  const names = ["model-1", "model-2", "model-3"];
  expect(await git("log", "-1", "--format=%(trailers:only)", "main")).toBe(
    names.map((model) => `mmsp-change: rollback dev/${model}/2\nmmsp-rollback: dev/${model}/2/5`).join("\n"),
  );
});

test("a head that moves in between has all of them planned again, and nobody's commit is lost", async () => {
  const cuts = models.map((model) => stableCut(model));
  const state = before(hub, 1, async () => {
    // Somebody rolls one of them back, and changes something else.
    await commitCuts([stableCut("model-5", { by: "person" })], options, cutParts(hub));
    await hub.push("main", { "theirs.txt": "x" });
  });
  const answers = await commit(cuts);
  expect(state.fired).toBe(true);
  expect(answers[5]).toEqual({ kind: "skip", reason: "version 2 of model-5 is rejected in dev already" });
  expect(kinds(answers).filter((kind) => kind === "committed")).toHaveLength(39);
  expect(await commitsOnMain()).toBe(3);
  // Two rounds of two, and the two of somebody's rollback.
  expect(hub.server.calls).toHaveLength(6);
  expect(await hub.show("main", "theirs.txt")).toBe("x");
  expect((await specOf("model-5")).rejected).toMatchObject([{ version: 2, by: "person" }]);
});

test("a model that is not there and one that has nothing to go back to do not hold up the others", async () => {
  const path = paths.deployment("dev", "model-3");
  const text = await hub.show("main", path);
  await hub.push("main", { [path]: `${text.replace("previous: [1]", "previous: []")}\n` });
  const cuts = ["nobody", "model-3", "model-4"].map((model) => stableCut(model));
  const answers = await commit(cuts);
  expect(kinds(answers)).toEqual(["skip", "failed", "committed"]);
  expect(answers[0]).toMatchObject({ reason: "version 2 of nobody is served nowhere in dev" });
  expect(String((answers[1] as { error: unknown }).error)).toContain("no earlier stable version");
  expect((await specOf("model-4")).rejected).toHaveLength(1);
});

test("a broken document, and a bug that one of them meets, do not hold up the others", async () => {
  await hub.push("main", { [paths.deployment("dev", "model-1")]: "kind: [\n" });
  const renderChange: typeof planner.renderChange = (change, files) => {
    if (change.model === "model-2") throw new TypeError("a bug");
    return planner.renderChange(change, files);
  };
  const cuts = ["model-1", "model-2", "model-3"].map((model) => stableCut(model));
  const answers = await commit(cuts, {}, { planner: { ...planner, renderChange } });
  expect(kinds(answers)).toEqual(["failed", "failed", "committed"]);
  expect(answers[1]).toMatchObject({ error: expect.any(TypeError) });
  expect(await commitsOnMain()).toBe(2);
});

test("a text that GitHub does not show whole holds up its own model alone", async () => {
  await hub.push("main", { [paths.deployment("dev", "model-1")]: "# long\n".repeat(100_000) });
  const cuts = ["model-1", "model-2"].map((model) => stableCut(model));
  expect(kinds(await commit(cuts))).toEqual(["failed", "committed"]);
});

test("two versions of one model leave in one commit, the second from what the first has left", async () => {
  const path = paths.deployment("dev", "model-1");
  const text = await hub.show("main", path);
  const since = '"2026-11-20T09:12:00Z"';
  const canary = `  canary: {version: 3, attempt: 6, since: ${since}, weight: 10}`;
  const resources = ["deployment.yaml", ...[1, 2, 3].map((version) => `../../../registry/model-1/${version}`)];
  await hub.push("main", {
    [path]: `${text}\n${canary}\n`,
    [paths.deploymentKustomization("dev", "model-1")]: `resources: [${resources.join(", ")}]\n`,
  });
  const cuts = [stableCut("model-1", { version: 3, attempt: 6, phase: "canary" }), stableCut("model-1")];
  expect(kinds(await commit(cuts))).toEqual(["committed", "committed"]);
  expect(await commitsOnMain()).toBe(2);
  const { stable, canary: left, rejected } = await specOf("model-1");
  expect([stable.version, left, rejected?.map(({ version }) => version)]).toEqual([1, undefined, [3, 2]]);
  expect(await git("log", "-1", "--format=%s", "main")).toBe("Roll back 2 versions of model-1 in dev");
});

test("cuts that git agrees with already make no commit", async () => {
  const cuts = models.slice(0, 3).map((model) => stableCut(model));
  await commit(cuts);
  const from = hub.server.calls.length;
  expect(kinds(await commit(cuts))).toEqual(["skip", "skip", "skip"]);
  expect(hub.operations(from)).toEqual(["graphql repository"]);
});

test("open pull requests that name a version are told, each of its own rollback", async () => {
  for (const [model, version] of [
    ["model-1", 2],
    ["model-2", 2],
    ["model-3", 3],
  ] as const) {
    const head = `mmsp/prod/${model}/promote-${version}`;
    await hub.push(head, { "p.txt": model });
    await hub.api("POST", "/pulls", { head, base: "main", title: model });
  }
  await commit(["model-1", "model-2", "model-3"].map((model) => stableCut(model)));
  const bodies = await Promise.all(
    [1, 2, 3].map(async (number) => {
      const comments = (await hub.api("GET", `/issues/${number}/comments`)) as { body: string }[];
      return comments.map(({ body }) => body.split(" was ")[0]);
    }),
  );
  expect(bodies).toEqual([["Version 2 of model-1"], ["Version 2 of model-2"], []]);
});

test("where each needs a pull request of its own, each comes by itself", async () => {
  const cuts = models.slice(0, 3).map((model) => stableCut(model));
  expect(kinds(await commit(cuts, { as: "pull-request" }))).toEqual(["alone", "alone", "alone"]);
  expect(hub.operations()).toEqual([]);
  hub.hook = protectedBranch();
  expect(kinds(await commit(cuts))).toEqual(["alone", "alone", "alone"]);
  expect(kinds(await commit(cuts.slice(0, 1)))).toEqual(["waiting"]);
});

test("what GitHub fails is thrown, and none of them is in git", async () => {
  hub.hook = faulty((call) => call.operation.includes("createCommitOnBranch"), 502);
  const error: unknown = await commit(models.map((model) => stableCut(model))).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: "OutsideError", retryable: true });
  expect(await hub.head("main")).toBe(hub.start);
});

test("no cuts are no calls", async () => {
  expect(await commit([])).toEqual([]);
  expect(hub.operations()).toEqual([]);
});
