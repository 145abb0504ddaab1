import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { runGit } from "../../support/git.ts";
import type { Hub } from "./hub.ts";
import { linePlanner } from "./line-planner.ts";
import { paths } from "../../../schemas/tree.ts";
import { planner, stableCut } from "./cut-parts.ts";
import { versionDocument } from "./documents.ts";
import { branch, deploy, document, modelBytes, published, register, rollback, startPublisher } from "./publisher.ts";

let hub: Hub;
let publisher: Awaited<ReturnType<typeof startPublisher>>;
beforeEach(async () => {
  publisher = await startPublisher();
  ({ hub } = publisher);
});
afterEach(() => hub[Symbol.asyncDispose]());

/** What nobody ever deleted: 200 branches of each verb, and of the registry, for versions around ours. */
async function leaveBranches(): Promise<void> {
  const folders = ["mmsp/dev/fraud/deploy-", "mmsp/dev/fraud/rollback-", "mmsp/registry/fraud/"];
  const names = Array.from({ length: 200 }, (_, at) => at + 4).flatMap((version) =>
    folders.map((folder) => `${folder}${version}${folder.includes("registry") ? "-0123abcd" : ""}`),
  );
  const stdin = names.map((name) => `create refs/heads/${name} main\n`).join("");
  await runGit(hub.server.gitDir, ["update-ref", "--stdin"], { stdin });
}

describe("among hundreds of branches that were left behind", () => {
  test.each([
    ["a deploy", deploy],
    ["a registration of a given version", register(3000)],
    ["a registration of the next version", { ...register(0), version: null }],
    ["an automatic rollback", { ...rollback, cut: stableCut() }],
  ])("%s takes 4 calls, and 5 over its open pull request", async (_what, command) => {
    await leaveBranches();
    await published(publisher.propose(command));
    expect(hub.operations()).toHaveLength(4);
    await hub.push("main", { "other.txt": "x" });
    const from = hub.server.calls.length;
    const other = command.verb === "deploy" ? { ...command, weight: 33 } : command;
    const again = await published(publisher.propose(other));
    expect(again.pullRequest.action).toBe(command.verb === "deploy" ? "updated" : "unchanged");
    expect(hub.operations(from).length).toBeLessThanOrEqual(5);
    expect(await publisher.pulls()).toHaveLength(1);
  });
});

describe("a proposal", () => {
  test("opens one pull request with one commit in at most 5 calls", async () => {
    const { pullRequest, change } = await published(publisher.propose(deploy));
    expect(hub.operations()).toEqual([
      "graphql repository",
      "POST /repos/{owner}/{repo}/git/refs",
      "graphql createCommitOnBranch",
      "POST /repos/{owner}/{repo}/pulls",
    ]);
    expect(pullRequest).toMatchObject({ branch, action: "opened" });
    expect(change.title).toBe("Deploy fraud 3 at 10 %");
    expect(await publisher.commitsOf(branch)).toEqual(["Deploy fraud 3 at 10 %"]);
    expect(await hub.show(branch, document)).toContain('canary: {"version":3');
    expect(await hub.show(branch, document)).toContain("# what people write stays");
    expect(await publisher.pulls()).toMatchObject([{ title: "Deploy fraud 3 at 10 %", head: { ref: branch } }]);
  });

  test("that is open already, with nothing new, is left as it is: one call, no write", async () => {
    const first = await published(publisher.propose(deploy));
    const head = await hub.head(branch);
    const from = hub.server.calls.length;
    const again = await published(publisher.propose(deploy));
    expect(hub.operations(from)).toEqual(["graphql repository"]);
    expect(again.pullRequest).toEqual({ ...first.pullRequest, action: "unchanged" });
    expect(await hub.head(branch)).toBe(head);
  });

  test("with another weight takes the place of our commit, on the base as it is now", async () => {
    const { pullRequest } = await published(publisher.propose(deploy));
    const base = await hub.push("main", { "other.txt": "x" });
    const from = hub.server.calls.length;
    const again = await published(publisher.propose({ ...deploy, weight: 25 }));
    expect(hub.operations(from)).toHaveLength(5);
    expect(again.pullRequest).toEqual({ ...pullRequest, action: "updated" });
    expect(await publisher.commitsOf(branch)).toEqual(["Deploy fraud 3 at 25 %"]);
    expect(await runGit(hub.server.gitDir, ["rev-parse", `${branch}^`])).toBe(base);
    expect(await publisher.pulls()).toMatchObject([{ number: pullRequest.number, title: "Deploy fraud 3 at 25 %" }]);
  });

  test("whose title somebody changed gets it back, without a new commit", async () => {
    const { pullRequest } = await published(publisher.propose(deploy));
    await hub.api("PATCH", `/pulls/${pullRequest.number}`, { title: "Something" });
    const head = await hub.head(branch);
    expect((await published(publisher.propose(deploy))).pullRequest.action).toBe("updated");
    expect(await publisher.pulls()).toMatchObject([{ title: "Deploy fraud 3 at 10 %" }]);
    expect(await hub.head(branch)).toBe(head);
  });

  test("that others have committed to is added to: their commits and their text stay", async () => {
    await published(publisher.propose(deploy));
    const text = (await hub.show(branch, document)).replace("# what people write stays", "# agreed with Ada");
    const theirs = await hub.push(branch, { [document]: `${text}\n`, "notes.md": "why" });
    const { pullRequest } = await published(publisher.propose({ ...deploy, weight: 50 }));
    expect(pullRequest.action).toBe("updated");
    expect(await hub.keeps(theirs)).toBe(true);
    expect(await publisher.commitsOf(branch)).toEqual([
      "Deploy fraud 3 at 50 %",
      "Somebody's work",
      "Deploy fraud 3 at 10 %",
    ]);
    expect(await hub.show(branch, document)).toContain("# agreed with Ada");
    expect(await hub.show(branch, document)).toContain('"weight":50');
    expect((await published(publisher.propose({ ...deploy, weight: 50 }))).pullRequest.action).toBe("unchanged");
  });

  test("whose branch holds another's commit is added to, though main broke a rule meanwhile", async () => {
    await published(publisher.propose(deploy, { planner }));
    await hub.push(branch, { "theirs.txt": "x" });
    const text = await hub.show("main", document);
    await hub.push("main", { [document]: `${text.replace("stable: {version: 2", "stable: {version: 77")}\n` });
    const { change, pullRequest } = await published(publisher.propose({ ...deploy, weight: 50 }, { planner }));
    expect(pullRequest.action).toBe("updated");
    expect(change.notices.join()).toContain("broke a rule before this change");
  });

  test("whose branch lacks what main has got since is refused, with what to do about it", async () => {
    await published(publisher.propose(deploy, { planner }));
    await hub.push(branch, { "theirs.txt": "x" });
    const text = await hub.show("main", document);
    await hub.push("main", {
      [paths.version("fraud", 4)]: `${JSON.stringify(versionDocument("fraud", 4))}\n`,
      [paths.versionKustomization("fraud", 4)]: "resources: [model-version.yaml]\n",
      [document]: `${text.replace("stable: {version: 2", "stable: {version: 4")}\n`,
    });
    const head = await hub.head(branch);
    expect(await publisher.propose({ ...deploy, weight: 50 }, { planner })).toMatchObject({
      kind: "refusal",
      problems: [{ code: "branch-behind", hint: expect.stringContaining("Update branch") }],
    });
    expect(await hub.head(branch)).toBe(head);
  });

  test("whose branch somebody forced is added to once, however often that is said", async () => {
    await published(publisher.propose(deploy));
    const theirs = await hub.push("theirs", { "theirs.txt": "x" });
    await runGit(hub.server.gitDir, ["update-ref", `refs/heads/${branch}`, theirs]);
    expect((await published(publisher.propose(deploy))).pullRequest.action).toBe("updated");
    const head = await hub.head(branch);
    expect((await published(publisher.propose(deploy))).pullRequest.action).toBe("unchanged");
    expect(await hub.head(branch)).toBe(head);
  });

  test("whose commit somebody amended is added to as well", async () => {
    await published(publisher.propose(deploy));
    const [message, tree] = await Promise.all([
      runGit(hub.server.gitDir, ["log", "-1", "--format=%B", branch]),
      runGit(hub.server.gitDir, ["rev-parse", `${branch}^{tree}`]),
    ]);
    const env = { GIT_AUTHOR_DATE: "2026-11-21T07:00:00Z", GIT_COMMITTER_DATE: "2026-11-21T09:00:00Z" };
    const amended = await runGit(hub.server.gitDir, ["commit-tree", tree, "-p", "main", "-m", message], { env });
    await runGit(hub.server.gitDir, ["update-ref", `refs/heads/${branch}`, amended]);
    await published(publisher.propose({ ...deploy, weight: 50 }));
    expect(await hub.keeps(amended)).toBe(true);
  });

  test("whose pull request was closed starts over on the same branch where only we committed", async () => {
    const { pullRequest } = await published(publisher.propose(deploy));
    await hub.api("PATCH", `/pulls/${pullRequest.number}`, { state: "closed" });
    const from = hub.server.calls.length;
    const again = await published(publisher.propose({ ...deploy, weight: 25 }));
    expect(hub.operations(from).length).toBeLessThanOrEqual(5);
    expect(again.pullRequest).toMatchObject({ branch, action: "opened" });
    expect(again.pullRequest.number).not.toBe(pullRequest.number);
    expect(await publisher.commitsOf(branch)).toEqual(["Deploy fraud 3 at 25 %"]);
  });

  test("whose pull request was closed with others' commits on it goes to a branch of its own", async () => {
    const { pullRequest } = await published(publisher.propose(deploy));
    const theirs = await hub.push(branch, { "notes.md": "why" });
    await hub.api("PATCH", `/pulls/${pullRequest.number}`, { state: "closed" });
    const again = await published(publisher.propose(deploy));
    expect(again.pullRequest).toMatchObject({ branch: `${branch}-2`, action: "opened" });
    expect(await hub.head(branch)).toBe(theirs);
    expect((await published(publisher.propose(deploy))).pullRequest).toEqual({
      ...again.pullRequest,
      action: "unchanged",
    });
  });

  test("of a registration carries the artifact byte for byte", async () => {
    const { pullRequest } = await published(publisher.propose(register(4)));
    const folder = `${hub.directory}/clone`;
    await runGit(hub.directory, ["clone", "-q", "--branch", pullRequest.branch, hub.server.cloneUrl, folder]);
    const path = `${folder}/examples/store/sha256/${"ab".repeat(32)}/model.onnx`;
    expect(new Uint8Array(await Bun.file(path).arrayBuffer())).toEqual(modelBytes);
    expect(hub.server.calls).toHaveLength(4);
  });

  test("of a version whose registration is open goes onto that pull request, and says so", async () => {
    const registration = await published(publisher.propose(register(4)));
    const from = hub.server.calls.length;
    const result = await published(publisher.propose({ ...deploy, version: 4 }));
    expect(hub.operations(from).length).toBeLessThanOrEqual(5);
    expect(result.pullRequest).toMatchObject({ number: registration.pullRequest.number, action: "updated" });
    expect(result.notices).toContain(`goes onto #${registration.pullRequest.number}`);
    expect(result.notices).toContain("goes onto the pull request that registers version 4: one merge does both");
    const [pull] = await publisher.pulls();
    expect(pull?.title).toBe("Register fraud 4 and deploy it to dev");
    expect(pull?.body).toMatch(
      /^<!-- mmsp dev deploy -->\n.*Deploy fraud 4 at 10 %.*<!-- end of mmsp dev deploy -->\n.*Register fraud 4/s,
    );
    expect(await publisher.commitsOf(registration.pullRequest.branch)).toEqual([
      "Deploy fraud 4 at 10 %",
      "Register fraud 4",
    ]);
    expect(await publisher.propose({ ...deploy, version: 4 })).toEqual({
      kind: "skip",
      reason: `pull request #${registration.pullRequest.number} says so already: ${registration.pullRequest.url}`,
    });

    // Registering once more must not take the deployment off the branch, nor out of what it says.
    await published(publisher.propose(register(4)));
    expect((await publisher.pulls())[0]).toMatchObject({ title: pull?.title, body: pull?.body });
    // Other words and sections of people stay, and so do both of mmsp's when the weight changes.
    await hub.api("PATCH", `/pulls/${registration.pullRequest.number}`, {
      title: "Ours",
      body: `Why: …\n\n${pull?.body}`,
    });
    const { notices } = await published(publisher.propose({ ...deploy, version: 4, weight: 50 }));
    expect(notices.join()).not.toContain("also open");
    const [after] = await publisher.pulls();
    expect(after?.title).toBe("Ours");
    expect(after?.body.match(/<!-- mmsp dev deploy -->|Deploy fraud 4 at 50 %|Why: …|Register fraud 4/g)).toEqual([
      "<!-- mmsp dev deploy -->",
      "Deploy fraud 4 at 50 %",
      "Why: …",
      "Register fraud 4",
    ]);
    expect(await publisher.commitsOf(registration.pullRequest.branch)).toEqual([
      "Deploy fraud 4 at 50 %",
      "Deploy fraud 4 at 10 %",
      "Register fraud 4",
    ]);
  });

  test("over a document that breaks a rule says so", async () => {
    const text = await hub.show("main", document);
    await hub.push("main", { [document]: text.replace(/(stable:.*version: )\d+/, "$199") });
    const { notices } = await published(publisher.propose(deploy));
    expect(notices).toEqual([expect.stringMatching(/deployment\.yaml broke a rule before this change: .*99/)]);
  });

  test("of what a document in the way forbids is refused with that document's problems, and nothing is written", async () => {
    await hub.push("main", { [document]: "spec: [broken\n" });
    const from = hub.server.calls.length;
    const result = await publisher.propose(deploy);
    expect(result).toMatchObject({ kind: "refusal", problems: [{ code: "yaml-invalid", file: document }] });
    expect(hub.operations(from)).toEqual(["graphql repository"]);
  });

  test("that would break a document is a bug and is not published", async () => {
    const planner = { ...linePlanner, renderChange: () => [{ path: document, content: "spec: []\n" }] };
    const error: unknown = await publisher.propose(deploy, { planner }).catch((thrown: unknown) => thrown);
    expect(String(error)).toContain("would break the documents");
    expect(hub.operations()).toEqual(["graphql repository"]);
  });

  test("an artifact for a store outside the repository is stored before the commit that names it", async () => {
    const planner = {
      ...linePlanner,
      plan: (...args: Parameters<typeof linePlanner.plan>) => {
        const plan = linePlanner.plan(...args);
        if (plan.kind !== "change") return plan;
        return { ...plan, artifacts: plan.artifacts.map((artifact) => ({ ...artifact, store: "s3://bucket/models" })) };
      },
    };
    const calls: number[] = [];
    const store = () => Promise.resolve(void calls.push(hub.server.calls.length));
    const artifacts = { read: () => Promise.reject(new Error("not asked for")), store };
    await published(publisher.propose(register(4), { planner, artifacts }));
    expect(calls).toEqual([1]);
  });
});
