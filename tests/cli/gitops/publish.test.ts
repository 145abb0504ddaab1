import { afterEach, beforeEach, describe, expect, test } from "bun:test";
<<<<<<< HEAD
import type { Command, DeployCommand, RegisterCommand, RollbackCommand } from "../../../cli/gitops/core/change.ts";
import { HeadMoved, ProtectedBranch, type Forge } from "../../../cli/gitops/core/ports.ts";
import { publish, type PublishParts, type PublishResult } from "../../../cli/gitops/publish.ts";
import { paths } from "../../../schemas/tree.ts";
import { runGit } from "../../support/git.ts";
import { before, faulty, startHub, type Hub } from "./hub.ts";
import { linePlanner } from "./line-planner.ts";

let hub: Hub;
beforeEach(async () => {
  hub = await startHub();
});
afterEach(() => hub[Symbol.asyncDispose]());

const deploy: DeployCommand = {
  verb: "deploy",
  environment: "dev",
  model: "fraud",
  version: 3,
  weight: 10,
  force: false,
};
const rollback: RollbackCommand = {
  verb: "rollback",
  environment: "dev",
  model: "fraud",
  to: null,
  by: "person",
  reason: "errors `rm`",
  evidence: {},
  cut: null,
};
const register = (version: number): RegisterCommand => ({
  verb: "register",
  model: "fraud",
  version,
  artifact: { file: "model.onnx", sha256: "ab".repeat(32), sizeBytes: modelBytes.length },
  signature: { inputs: [], outputs: [] },
  opset: null,
  producer: null,
  featureOrder: null,
  metrics: null,
  baseline: null,
  provenance: { source: null, gitCommit: null, createdBy: null },
});
const modelBytes = Uint8Array.from({ length: 1000 }, (_, at) => (at * 7) % 256);
const branch = "mmsp/dev/fraud/deploy-3";
const document = paths.deployment("dev", "fraud");

/** Time goes by a minute between commands, as `since` shows. */
let minutes = 0;
function parts(more: Partial<PublishParts> = {}): PublishParts {
  minutes += 1;
  let clock = Date.parse("2026-11-21T08:00:00Z") + minutes * 60_000;
  return {
    forge: hub.client(),
    planner: linePlanner,
    artifacts: { read: () => Promise.resolve(modelBytes), store: () => Promise.resolve() },
    now: () => new Date(clock),
    random: () => 0.5,
    sleep: (milliseconds) => {
      clock += milliseconds;
      return Promise.resolve();
    },
    ...more,
  };
}

const propose = (command: Command, more: Partial<PublishParts> = {}): Promise<PublishResult> =>
  publish(command, { baseBranch: "main", as: "pull-request" }, parts(more));
const commit = (command: Command, more: Partial<PublishParts> = {}): Promise<PublishResult> =>
  publish(command, { baseBranch: "main", as: "commit" }, parts(more));

async function published(result: PublishResult | Promise<PublishResult>) {
  const settled = await result;
  if (settled.kind !== "published") throw new Error(`not published: ${JSON.stringify(settled)}`);
  return settled;
}

interface Pull {
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly state: string;
  readonly head: { readonly ref: string };
}
const pulls = (state = "open") => hub.api("GET", `/pulls?state=${state}`) as Promise<readonly Pull[]>;
const commitsOf = async (name: string) =>
  (await runGit(hub.server.gitDir, ["log", "--format=%s", `main..${name}`])).split("\n");

describe("a proposal", () => {
  test("opens one pull request with one commit in at most 5 calls", async () => {
    const { pullRequest, change } = await published(propose(deploy));
=======
import { runGit } from "../../support/git.ts";
import type { Hub } from "./hub.ts";
import { linePlanner } from "./line-planner.ts";
import { branch, deploy, document, modelBytes, published, register, startPublisher } from "./publisher.ts";

let hub: Hub;
let publisher: Awaited<ReturnType<typeof startPublisher>>;
beforeEach(async () => {
  publisher = await startPublisher();
  ({ hub } = publisher);
});
afterEach(() => hub[Symbol.asyncDispose]());

describe("a proposal", () => {
  test("opens one pull request with one commit in at most 5 calls", async () => {
    const { pullRequest, change } = await published(publisher.propose(deploy));
>>>>>>> github
    expect(hub.operations()).toEqual([
      "graphql repository",
      "POST /repos/{owner}/{repo}/git/refs",
      "graphql createCommitOnBranch",
      "POST /repos/{owner}/{repo}/pulls",
    ]);
    expect(pullRequest).toMatchObject({ branch, action: "opened" });
    expect(change.title).toBe("Deploy fraud 3 at 10 %");
<<<<<<< HEAD
    expect(await commitsOf(branch)).toEqual(["Deploy fraud 3 at 10 %"]);
    expect(await hub.show(branch, document)).toContain('canary: {"version":3');
    expect(await hub.show(branch, document)).toContain("# what people write stays");
    expect(await pulls()).toMatchObject([{ title: "Deploy fraud 3 at 10 %", head: { ref: branch } }]);
  });

  test("that is open already, with nothing new, is left as it is: one call, no write", async () => {
    const first = await published(propose(deploy));
    const head = await hub.head(branch);
    const from = hub.server.calls.length;
    const again = await published(propose(deploy));
=======
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
>>>>>>> github
    expect(hub.operations(from)).toEqual(["graphql repository"]);
    expect(again.pullRequest).toEqual({ ...first.pullRequest, action: "unchanged" });
    expect(await hub.head(branch)).toBe(head);
  });

  test("with another weight takes the place of our commit, on the base as it is now", async () => {
<<<<<<< HEAD
    const { pullRequest } = await published(propose(deploy));
    const base = await hub.push("main", { "other.txt": "x" });
    const from = hub.server.calls.length;
    const again = await published(propose({ ...deploy, weight: 25 }));
    expect(hub.operations(from)).toHaveLength(5);
    expect(again.pullRequest).toEqual({ ...pullRequest, action: "updated" });
    expect(await commitsOf(branch)).toEqual(["Deploy fraud 3 at 25 %"]);
    expect(await runGit(hub.server.gitDir, ["rev-parse", `${branch}^`])).toBe(base);
    expect(await pulls()).toMatchObject([{ number: pullRequest.number, title: "Deploy fraud 3 at 25 %" }]);
  });

  test("whose title somebody changed gets it back, without a new commit", async () => {
    const { pullRequest } = await published(propose(deploy));
    await hub.api("PATCH", `/pulls/${pullRequest.number}`, { title: "Something" });
    const head = await hub.head(branch);
    expect((await published(propose(deploy))).pullRequest.action).toBe("updated");
    expect(await pulls()).toMatchObject([{ title: "Deploy fraud 3 at 10 %" }]);
=======
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
>>>>>>> github
    expect(await hub.head(branch)).toBe(head);
  });

  test("that others have committed to is added to: their commits and their text stay", async () => {
<<<<<<< HEAD
    await published(propose(deploy));
    const text = (await hub.show(branch, document)).replace("# what people write stays", "# agreed with Ada");
    const theirs = await hub.push(branch, { [document]: `${text}\n`, "notes.md": "why" });
    const { pullRequest } = await published(propose({ ...deploy, weight: 50 }));
    expect(pullRequest.action).toBe("updated");
    expect(await hub.keeps(theirs)).toBe(true);
    expect(await commitsOf(branch)).toEqual(["Deploy fraud 3 at 50 %", "Somebody's work", "Deploy fraud 3 at 10 %"]);
    expect(await hub.show(branch, document)).toContain("# agreed with Ada");
    expect(await hub.show(branch, document)).toContain('"weight":50');
    expect((await published(propose({ ...deploy, weight: 50 }))).pullRequest.action).toBe("unchanged");
  });

  test("whose commit somebody amended is added to as well", async () => {
    await published(propose(deploy));
=======
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

  test("whose commit somebody amended is added to as well", async () => {
    await published(publisher.propose(deploy));
>>>>>>> github
    const [message, tree] = await Promise.all([
      runGit(hub.server.gitDir, ["log", "-1", "--format=%B", branch]),
      runGit(hub.server.gitDir, ["rev-parse", `${branch}^{tree}`]),
    ]);
    const env = { GIT_AUTHOR_DATE: "2026-11-21T07:00:00Z", GIT_COMMITTER_DATE: "2026-11-21T09:00:00Z" };
    const amended = await runGit(hub.server.gitDir, ["commit-tree", tree, "-p", "main", "-m", message], { env });
    await runGit(hub.server.gitDir, ["update-ref", `refs/heads/${branch}`, amended]);
<<<<<<< HEAD
    await published(propose({ ...deploy, weight: 50 }));
=======
    await published(publisher.propose({ ...deploy, weight: 50 }));
>>>>>>> github
    expect(await hub.keeps(amended)).toBe(true);
  });

  test("whose pull request was closed starts over on the same branch where only we committed", async () => {
<<<<<<< HEAD
    const { pullRequest } = await published(propose(deploy));
    await hub.api("PATCH", `/pulls/${pullRequest.number}`, { state: "closed" });
    const from = hub.server.calls.length;
    const again = await published(propose({ ...deploy, weight: 25 }));
    expect(hub.operations(from).length).toBeLessThanOrEqual(5);
    expect(again.pullRequest).toMatchObject({ branch, action: "opened" });
    expect(again.pullRequest.number).not.toBe(pullRequest.number);
    expect(await commitsOf(branch)).toEqual(["Deploy fraud 3 at 25 %"]);
  });

  test("whose pull request was closed with others' commits on it goes to a branch of its own", async () => {
    const { pullRequest } = await published(propose(deploy));
    const theirs = await hub.push(branch, { "notes.md": "why" });
    await hub.api("PATCH", `/pulls/${pullRequest.number}`, { state: "closed" });
    const again = await published(propose(deploy));
    expect(again.pullRequest).toMatchObject({ branch: `${branch}-2`, action: "opened" });
    expect(await hub.head(branch)).toBe(theirs);
    expect((await published(propose(deploy))).pullRequest).toEqual({ ...again.pullRequest, action: "unchanged" });
  });

  test("of a registration carries the artifact byte for byte", async () => {
    const { pullRequest } = await published(propose(register(4)));
=======
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
>>>>>>> github
    const folder = `${hub.directory}/clone`;
    await runGit(hub.directory, ["clone", "-q", "--branch", pullRequest.branch, hub.server.cloneUrl, folder]);
    const path = `${folder}/examples/store/sha256/${"ab".repeat(32)}/model.onnx`;
    expect(new Uint8Array(await Bun.file(path).arrayBuffer())).toEqual(modelBytes);
    expect(hub.server.calls).toHaveLength(4);
  });

  test("of a version whose registration is open goes onto that pull request, and says so", async () => {
<<<<<<< HEAD
    const registration = await published(propose(register(4)));
    const from = hub.server.calls.length;
    const result = await published(propose({ ...deploy, version: 4 }));
    expect(hub.operations(from).length).toBeLessThanOrEqual(5);
    expect(result.pullRequest).toMatchObject({ number: registration.pullRequest.number, action: "updated" });
    expect(result.notices).toContain(`goes onto #${registration.pullRequest.number}`);
    const [pull] = await pulls();
    expect(pull?.title).toBe("Register fraud 4");
    expect(pull?.body).toContain("Deploy fraud 4 at 10 %");
    expect(await commitsOf(registration.pullRequest.branch)).toEqual(["Deploy fraud 4 at 10 %", "Register fraud 4"]);
    expect(await propose({ ...deploy, version: 4 })).toEqual({ kind: "skip", reason: "canary already" });

    // Registering once more must not take the deployment off the branch.
    await published(propose(register(4)));
    expect(await commitsOf(registration.pullRequest.branch)).toEqual(["Deploy fraud 4 at 10 %", "Register fraud 4"]);
=======
    const registration = await published(publisher.propose(register(4)));
    const from = hub.server.calls.length;
    const result = await published(publisher.propose({ ...deploy, version: 4 }));
    expect(hub.operations(from).length).toBeLessThanOrEqual(5);
    expect(result.pullRequest).toMatchObject({ number: registration.pullRequest.number, action: "updated" });
    expect(result.notices).toContain(`goes onto #${registration.pullRequest.number}`);
    const [pull] = await publisher.pulls();
    expect(pull?.title).toBe("Register fraud 4");
    expect(pull?.body).toContain("Deploy fraud 4 at 10 %");
    expect(await publisher.commitsOf(registration.pullRequest.branch)).toEqual([
      "Deploy fraud 4 at 10 %",
      "Register fraud 4",
    ]);
    expect(await publisher.propose({ ...deploy, version: 4 })).toEqual({ kind: "skip", reason: "canary already" });

    // Registering once more must not take the deployment off the branch.
    await published(publisher.propose(register(4)));
    expect(await publisher.commitsOf(registration.pullRequest.branch)).toEqual([
      "Deploy fraud 4 at 10 %",
      "Register fraud 4",
    ]);
>>>>>>> github
  });

  test("of what a document in the way forbids is refused with that document's problems, and nothing is written", async () => {
    await hub.push("main", { [document]: "spec: [broken\n" });
    const from = hub.server.calls.length;
<<<<<<< HEAD
    const result = await propose(deploy);
=======
    const result = await publisher.propose(deploy);
>>>>>>> github
    expect(result).toMatchObject({ kind: "refusal", problems: [{ code: "yaml-invalid", file: document }] });
    expect(hub.operations(from)).toEqual(["graphql repository"]);
  });

  test("that would break a document is a bug and is not published", async () => {
    const planner = { ...linePlanner, renderChange: () => [{ path: document, content: "spec: []\n" }] };
<<<<<<< HEAD
    const error: unknown = await propose(deploy, { planner }).catch((thrown: unknown) => thrown);
=======
    const error: unknown = await publisher.propose(deploy, { planner }).catch((thrown: unknown) => thrown);
>>>>>>> github
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
<<<<<<< HEAD
    await published(propose(register(4), { planner, artifacts }));
    expect(calls).toEqual([1]);
  });
});

describe("when somebody else is faster", () => {
  test.each([0, 1, 2, 3])("a push to main before call %i of a proposal does not disturb it", async (index) => {
    const state = before(hub, index, () => hub.push("main", { "theirs.txt": "x" }));
    expect((await published(propose(deploy))).pullRequest.action).toBe("opened");
    expect(state.fired).toBe(true);
    expect(await hub.show("main", "theirs.txt")).toBe("x");
  });

  test.each([0, 1, 2, 3])("a push to the branch before call %i of a proposal is kept, and both land", async (index) => {
    let theirs = "";
    before(hub, index, async () => {
      theirs = await hub.push(branch, { "theirs.txt": "x" });
    });
    const { pullRequest } = await published(propose(deploy));
    expect(await hub.keeps(theirs)).toBe(true);
    expect(await hub.show(pullRequest.branch, document)).toContain('"version":3');
    expect(await pulls()).toHaveLength(1);
  });

  test.each([0, 1, 2, 3, 4])("a push to the open branch before call %i of an update is kept", async (index) => {
    await published(propose(deploy));
    let theirs = "";
    before(hub, index, async () => {
      theirs = await hub.push(branch, { "theirs.txt": "x" });
    });
    const { pullRequest } = await published(propose({ ...deploy, weight: 50 }));
    expect(pullRequest).toMatchObject({ branch, action: "updated" });
    expect(await hub.keeps(theirs)).toBe(true);
    expect(await hub.show(branch, document)).toContain('"weight":50');
  });

  test.each([0, 1])("a commit to main before call %i of a rollback is kept under it", async (index) => {
    let theirs = "";
    before(hub, index, async () => {
      theirs = await hub.push("main", { "theirs.txt": "x" });
    });
    const result = await commit(rollback);
    expect(result).toMatchObject({ kind: "committed" });
    expect(await hub.keeps(theirs)).toBe(true);
    expect(await hub.show("main", document)).toContain('stable: {"version":1');
    expect(hub.server.calls.length).toBe(index === 0 ? 2 : 4);
  });

  test("two writers of the same proposal at once end with one pull request", async () => {
    const results = await Promise.all([propose(deploy), propose(deploy), propose(deploy)]);
    const numbers = new Set(
      results.map((result) => (result.kind === "published" ? result.pullRequest.number : result)),
    );
    expect(numbers.size).toBe(1);
    expect(await pulls()).toHaveLength(1);
    expect(await hub.show(branch, document)).toContain('"version":3');
  });

  test("writers of different changes to one branch all land", async () => {
    const models = ["fraud", "fraud-eu"];
    const results = await Promise.all(models.map((model) => commit({ ...rollback, model })));
    expect(results.map(({ kind }) => kind)).toEqual(["committed", "committed"]);
    for (const model of models) {
      expect(await hub.show("main", paths.deployment("dev", model))).toContain('stable: {"version":1');
    }
    expect((await runGit(hub.server.gitDir, ["log", "--format=%s", "main"])).split("\n").toSorted()).toEqual([
      "Roll back fraud 2",
      "Roll back fraud-eu 2",
      "Start",
    ]);
  });

  test("a rollback that another has made meanwhile is skipped with the reason", async () => {
    before(hub, 1, () => commit(rollback));
    expect(await commit(rollback)).toEqual({ kind: "skip", reason: "version 2 is rejected already" });
    expect((await commitsOf("main")).length).toBe(1);
  });

  test("a rollback whose answer got lost does not take out the next version", async () => {
    const other = hub.client();
    hub.hook = async (call) => {
      if (!call.operation.includes("createCommitOnBranch")) return;
      hub.hook = undefined;
      // The commit is made, and the connection breaks before the answer.
      const { input } = (call.body as { variables: { input: { fileChanges: { additions: Addition[] } } } }).variables;
      const files = input.fileChanges.additions.map(({ path, contents }) => ({
        path,
        content: Buffer.from(contents, "base64").toString(),
      }));
      await other.commit({ branch: "main", expectedHead: hub.start, files, message: "Roll back\n\nmmsp-change: x" });
      await faulty(() => true, 502)(call);
    };
    expect(await commit(rollback)).toMatchObject({ kind: "skip" });
    expect(await hub.show("main", document)).toContain('stable: {"version":1');
  });

  test("a branch that never stands still is given up after two minutes", async () => {
    const real = hub.client();
    const forge: Forge = { ...real, commit: () => Promise.reject(new HeadMoved("main has moved")) };
    let reads = 0;
    const counting: Forge = {
      ...forge,
      read: (...args) => {
        reads += 1;
        return real.read(...args);
      },
    };
    const error: unknown = await commit(rollback, { forge: counting }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "OutsideError", retryable: true });
    expect(String(error)).toContain("kept moving for 2 minutes");
    expect(reads).toBeGreaterThan(10);
    expect(reads).toBeLessThan(40);
  });
});

interface Addition {
  readonly path: string;
  readonly contents: string;
}

describe("a rollback", () => {
  test("to a protected branch is told apart, so that a pull request can take its place", async () => {
    const message = "Repository rule violations found\n\nChanges must be made through a pull request.\n\n";
    const body = { data: { createCommitOnBranch: null }, errors: [{ type: "UNPROCESSABLE", message }] };
    hub.hook = faulty((call) => call.operation.includes("createCommitOnBranch"), 200, body);
    const error: unknown = await commit(rollback).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProtectedBranch);
    hub.hook = undefined;
    expect((await published(propose(rollback))).pullRequest.branch).toBe("mmsp/dev/fraud/rollback-2");
  });

  test("comments on every other open pull request that names the version", async () => {
    await hub.push("mmsp/prod/fraud/promote-2", { "p.txt": "x" });
    await hub.push("mmsp/prod/fraud-eu/promote-2", { "p.txt": "x" });
    await hub.push("mmsp/prod/fraud/promote-22", { "p.txt": "x" });
    for (const head of ["fraud/promote-2", "fraud-eu/promote-2", "fraud/promote-22"]) {
      await hub.api("POST", "/pulls", { head: `mmsp/prod/${head}`, base: "main", title: head });
    }
    const result = await commit(rollback);
    expect(result).toMatchObject({ kind: "committed", notices: [] });
    const all = await pulls();
    const bodies = await Promise.all(
      all.map(async ({ title, number }) => {
        const comments = (await hub.api("GET", `/issues/${number}/comments`)) as { body: string }[];
        return [title, comments.map(({ body }) => body)] as const;
      }),
    );
    const commented = bodies.filter(([, comments]) => comments.length > 0);
    expect(commented.map(([title]) => title)).toEqual(["fraud/promote-2"]);
    expect(commented[0]?.[1][0]).toContain("Version 2 of fraud was rolled back in dev");
    expect(commented[0]?.[1][0]).toContain("`errors 'rm'`");
  });

  test("that cannot comment says so and has happened all the same", async () => {
    await hub.push("mmsp/prod/fraud/promote-2", { "p.txt": "x" });
    await hub.api("POST", "/pulls", { head: "mmsp/prod/fraud/promote-2", base: "main", title: "T" });
    hub.hook = faulty((call) => call.operation.includes("comments"), 403);
    const result = await commit(rollback);
    expect(result).toMatchObject({ kind: "committed", notices: [expect.stringContaining("could not comment on #1")] });
  });
});
=======
    await published(publisher.propose(register(4), { planner, artifacts }));
    expect(calls).toEqual([1]);
  });
});
>>>>>>> github
