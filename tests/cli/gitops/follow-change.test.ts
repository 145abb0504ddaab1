import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { ForgeFault } from "../../../cli/demo/forge/fault.ts";
import type { GatewayStatus } from "../../../cli/gitops/core/gateway-status.ts";
import { OutsideError } from "../../../cli/gitops/core/ports.ts";
import { sampleFiles } from "./documents.ts";
import { follow as followIn } from "./follower.ts";
import { readerToken, startHub, type Hub } from "./hub.ts";

const policy = "environments/dev/environment.yaml";
const address = "http://gateway.example";
let hub: Hub;
let count = 0;

beforeAll(async () => {
  hub = await startHub(sampleFiles());
});
afterAll(() => hub[Symbol.asyncDispose]());
beforeEach(() => {
  hub.hook = undefined;
});

/** A pull request as mmsp opens it; its number. */
async function open(branch = `mmsp/registry/fraud/${++count}-12345678`, path = `notes-${count}.txt`): Promise<number> {
  await hub.push(branch, { [path]: "new\n" });
  const pull = (await hub.api("POST", "/pulls", { title: "T", head: branch, base: "main" })) as { number: number };
  return pull.number;
}

const headOf = async (number: number) =>
  ((await hub.api("GET", `/pulls/${number}`)) as { head: { sha: string } }).head.sha;
const merge = (number: number) => hub.api("PUT", `/pulls/${number}/merge`, {});
const setStatus = async (number: number, state: string, context = "validate") =>
  hub.api("POST", `/statuses/${await headOf(number)}`, { state, context, target_url: "https://ci.example.com/7" });

const follow = (pull: number | null, happenings?: readonly (() => unknown)[], more?: Parameters<typeof followIn>[3]) =>
  followIn(hub, pull, happenings, more);

describe("a pull request is followed", () => {
  test("through its checks until somebody merges it, with one call a look", async () => {
    const number = await open();
    const from = hub.server.calls.length;
    const looks = () => hub.operations(from).filter((operation) => operation === "graphql repository").length;
    const { end, told, waits } = await follow(number, [
      () => setStatus(number, "pending"),
      () => setStatus(number, "success"),
      () => merge(number),
    ]);
    expect(end).toEqual({ kind: "merged", commit: await hub.head("main"), applied: null, served: null });
    expect(told).toEqual(["ready, waiting for somebody to merge it", "waiting for the check validate (0 of 1 done)"]);
    expect(looks()).toBe(waits.length + 1);
  });

  test("until a check fails, which is named with its page", async () => {
    const number = await open();
    const { end } = await follow(number, [() => setStatus(number, "failure")]);
    expect(end).toMatchObject({
      kind: "stopped",
      commit: null,
      problem: { code: "check-failed", message: expect.stringContaining("https://ci.example.com/7") },
    });
  });

  test("until it is closed", async () => {
    const number = await open();
    const { end } = await follow(number, [() => hub.api("PATCH", `/pulls/${number}`, { state: "closed" })]);
    expect(end).toMatchObject({ kind: "stopped", problem: { code: "pull-request-closed" } });
  });

  test("until the base branch conflicts with it", async () => {
    const number = await open(undefined, "conflict.txt");
    const { end } = await follow(number, [() => hub.push("main", { "conflict.txt": "other\n" })]);
    expect(end).toMatchObject({ kind: "stopped", problem: { code: "pull-request-conflict" } });
  });

  test("until the time is over, with what is still awaited and how to go on; looks grow rarer", async () => {
    const number = await open();
    const { end, waits } = await follow(number, [], { timeoutMs: 3 * 60_000 });
    expect(end).toMatchObject({
      kind: "stopped",
      problem: {
        code: "wait-timeout",
        message: `after 3 min pull request #${number} is still open: ready, waiting for somebody to merge it`,
        hint: expect.stringContaining(`\`mmsp wait ${number}\``),
      },
    });
    expect(waits[0]).toBe(2000);
    expect(Math.max(...waits)).toBe(20_000);
    expect(waits.reduce((sum, one) => sum + one, 0)).toBe(3 * 60_000);
  });

  test("over a server that is away for a while", async () => {
    const number = await open();
    hub.hook = () => {
      throw new ForgeFault({ status: 502, body: {} });
    };
    const mended = async () => {
      hub.hook = undefined;
      await merge(number);
    };
    const { end, told } = await follow(number, [() => {}, mended]);
    expect(end).toMatchObject({ kind: "merged" });
    expect(told).toEqual(["GitHub does not answer"]);
  });

  test("not where the number is no pull request's, or the token may not look", async () => {
    expect(follow(9999)).rejects.toThrow("#9999");
    const number = await open();
    const reader = hub.client({ token: readerToken });
    const { end } = await follow(number, [() => merge(number)], { forge: reader });
    expect(end).toMatchObject({ kind: "merged" });
  });

  test("by a token that may not see its checks, without them", async () => {
    const number = await open();
    await setStatus(number, "failure");
    const real = (await (
      await fetch(new URL("/api/graphql", hub.server.apiUrl), {
        method: "POST",
        headers: { authorization: `Bearer ${readerToken}` },
        body: JSON.stringify({
          query: `{ repository(owner: "acme", name: "models") { pullRequest(number: ${number}) {
            number url title state isDraft headRefName baseRefName mergeable mergeStateStatus reviewDecision
            autoMergeRequest { __typename } mergeCommit { oid } } } }`,
        }),
      })
    ).json()) as { data: { repository: { pullRequest: object } } };
    const pullRequest = {
      ...real.data.repository.pullRequest,
      mergeStateStatus: "BLOCKED",
      commits: { nodes: [{ commit: { statusCheckRollup: null } }] },
    };
    const path = ["repository", "pullRequest", "commits", "nodes", 0, "commit", "statusCheckRollup"];
    const errors = [{ type: "FORBIDDEN", path, message: "Resource not accessible by personal access token" }];
    hub.hook = () => {
      throw new ForgeFault({ status: 200, body: { data: { repository: { pullRequest } }, errors } });
    };
    const mended = async () => {
      hub.hook = undefined;
      await merge(number);
    };
    const { end, told } = await follow(number, [mended]);
    expect(end).toMatchObject({ kind: "merged" });
    expect(told).toEqual(["waiting for what main requires (the token may not see the checks)"]);
  });
});

describe("what is merged is followed to the gateway that the environment names", () => {
  const serving = (version: number, more: Partial<GatewayStatus> = {}): GatewayStatus => ({
    environment: "dev",
    revision: "r1",
    models: [{ model: "fraud", stable: { version }, canary: null, guard: null }],
    cuts: [],
    problems: [],
    ...more,
  });
  const withAddress = async () => {
    const text = (await hub.show("main", policy)).replace(
      "  backend: embedded",
      `  backend: embedded\n  addresses: {gateway: "${address}"}`,
    );
    if (!(await hub.show("main", policy)).includes("addresses")) await hub.push("main", { [policy]: `${text}\n` });
  };

  test("nowhere, where it names none", async () => {
    const number = await open("mmsp/dev/fraud/promote-2");
    const { end } = await follow(number, [() => merge(number)]);
    expect(end).toMatchObject({ kind: "merged", served: null });
  });

  test("of all models that a pull request about many changes, and of no others", async () => {
    await withAddress();
    const deployment = await hub.show("main", "environments/dev/models/fraud/deployment.yaml");
    const model = (name: string) => `environments/dev/models/${name}/deployment.yaml`;
    const other = (name: string) => `${deployment.replaceAll("fraud", name)}\n`;
    await hub.push("main", { [model("spam")]: other("spam") });
    const branch = "mmsp/dev/_all/promote-0a1b2c3d";
    await hub.push(branch, { [model("fraud")]: `${deployment}\n# new\n`, [model("churn")]: other("churn") });
    const pull = (await hub.api("POST", "/pulls", { title: "T", head: branch, base: "main" })) as { number: number };
    const both = ["churn", "fraud"].map((name) => ({ model: name, stable: { version: 2 }, canary: null, guard: null }));
    const answers = [serving(2), serving(2, { models: both })];
    const gateway = () => Promise.resolve(answers.shift() ?? null);
    const { end, told } = await follow(pull.number, [() => merge(pull.number)], { gateway });
    expect(end).toMatchObject({ kind: "merged", served: { says: "churn version 2; fraud version 2" } });
    expect(told.at(-1)).toBe("merged; waiting for the gateway to serve it (1 of 2 done)");
    await hub.push("main", { [model("churn")]: null, [model("spam")]: null, [model("fraud")]: `${deployment}\n` });
  });

  test("not as done, where the time is over before GitHub says which models a pull request changes", async () => {
    const number = await open("mmsp/dev/_all/promote-2a3b4c5d");
    await merge(number);
    const away = new OutsideError("away", { retryable: true, hint: "later" });
    const forge = { ...hub.client(), changedFiles: () => Promise.reject(away) };
    const { end } = await follow(number, [], { forge, timeoutMs: 60_000 });
    expect(end).toMatchObject({
      kind: "stopped",
      commit: await hub.head("main"),
      problem: { code: "wait-timeout", message: "after 1 min merged; GitHub does not answer" },
    });
  });

  test("of the whole environment, where a pull request changes too many files to tell them", async () => {
    await withAddress();
    const branch = "mmsp/dev/_all/promote-1a2b3c4d";
    const many = Array.from({ length: 101 }, (_, at) => [`environments/dev/models/m${at}/notes.txt`, "new\n"] as const);
    await hub.push(branch, Object.fromEntries(many));
    const pull = (await hub.api("POST", "/pulls", { title: "T", head: branch, base: "main" })) as { number: number };
    const models = ["fraud", "fraud-eu"].map((model) => ({ model, stable: { version: 2 }, canary: null, guard: null }));
    const gateway = async () => serving(2, { models });
    const { end } = await follow(pull.number, [() => merge(pull.number)], { gateway });
    expect(end).toMatchObject({ kind: "merged", served: { says: "fraud version 2; fraud-eu version 2" } });
  });

  test("until it serves what the base branch says; environment and model are read from the branch", async () => {
    await withAddress();
    const number = await open("mmsp/dev/fraud/deploy-2");
    const asked: string[] = [];
    const answers = [null, serving(1), serving(2)];
    const gateway = (at: string) => {
      asked.push(at);
      return Promise.resolve(answers.shift() ?? null);
    };
    const { end, told } = await follow(number, [() => merge(number)], { gateway });
    expect(end).toMatchObject({ kind: "merged", served: { gateway: address, says: "version 2" } });
    expect(told.slice(1)).toEqual([
      "merged; the gateway does not answer",
      "merged; waiting for the gateway to serve it",
    ]);
    expect(new Set(asked)).toEqual(new Set([address]));
  });

  test("a commit on the base branch goes there at once", async () => {
    await withAddress();
    const gateway = () => Promise.resolve(serving(2));
    const { end, waits } = await follow(null, [], { gateway, environment: "dev", model: "fraud" });
    expect(end).toEqual({
      kind: "merged",
      commit: null,
      applied: null,
      served: { gateway: address, says: "version 2" },
    });
    expect(waits).toEqual([]);
  });

  test("a newer commit than the one that was waited for ends it, too", async () => {
    await withAddress();
    const path = "environments/dev/models/fraud/deployment.yaml";
    const before = await hub.show("main", path);
    const answers = [serving(2, { revision: "r0", models: [] }), serving(1, { revision: "r2" })];
    const gateway = () => Promise.resolve(answers.length > 1 ? (answers.shift() ?? null) : (answers[0] ?? null));
    const overtaken = () =>
      hub.push("main", {
        [path]: `${before.replace("version: 2", "version: 1").replace("previous: [1]", "previous: []")}\n`,
      });
    const { end } = await follow(null, [overtaken], { gateway, environment: "dev", model: "fraud" });
    expect(end).toMatchObject({ kind: "merged", served: { says: "version 1" } });
    await hub.push("main", { [path]: `${before}\n` });
  });

  test("until the time is over, and then the commit is told all the same", async () => {
    await withAddress();
    const number = await open("mmsp/dev/fraud/deploy-3");
    await merge(number);
    const { end } = await follow(number, [], { timeoutMs: 60_000 });
    expect(end).toMatchObject({
      kind: "stopped",
      commit: await hub.head("main"),
      problem: {
        code: "wait-timeout",
        message: "after 1 min merged; the gateway does not answer",
        hint: expect.stringContaining(`\`mmsp wait ${number}\` goes on waiting`),
      },
    });
  });

  test("until the time is over after a commit, which is not to be made twice to see what became of it", async () => {
    await withAddress();
    const { end } = await follow(null, [], { timeoutMs: 60_000, environment: "dev", model: "fraud" });
    expect(end).toMatchObject({
      kind: "stopped",
      problem: {
        code: "wait-timeout",
        hint: expect.stringMatching(/^`mmsp status fraud --env dev --live` (?!.*same command)/),
      },
    });
  });

  test("a failure that does not pass is thrown", async () => {
    const broken = new OutsideError("no", { retryable: false, hint: "no" });
    const forge = { ...hub.client(), read: () => Promise.reject(broken) };
    expect(follow(null, [], { forge, environment: "dev", model: "fraud" })).rejects.toBe(broken);
  });
});
