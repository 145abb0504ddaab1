/** A rollback whose reply was lost is in git all the same: whoever has a pull request open over it is told then, and once. */
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { commitCut, type CommitCutOptions } from "../../../cli/gitops/commit-cut.ts";
import { commitCuts } from "../../../cli/gitops/commit-cuts.ts";
import { publish } from "../../../cli/gitops/publish.ts";
import { cutParts, stableCut } from "./cut-parts.ts";
import { sampleFiles } from "./documents.ts";
import { before, faulty, startHub, type Hub } from "./hub.ts";
import { rollback } from "./publisher.ts";

// Real git takes a while on a busy machine.
setDefaultTimeout(60_000);

const options: CommitCutOptions = { baseBranch: "main", as: "commit", autoMerge: false, opened: null };
const models = ["fraud", "churn"];

let hub: Hub;
beforeEach(async () => {
  hub = await startHub(sampleFiles(models));
  for (const model of models) {
    const head = `mmsp/prod/${model}/promote-2`;
    await hub.push(head, { "p.txt": model });
    await hub.api("POST", "/pulls", { head, base: "main", title: model });
  }
});
afterEach(() => hub[Symbol.asyncDispose]());

/** Comments on the pull request over each model. */
const comments = () =>
  Promise.all(
    models.map(async (_, at) => {
      const all = (await hub.api("GET", `/issues/${at + 1}/comments`)) as { body: string }[];
      return all.map(({ body }) => body);
    }),
  );
const counts = async () => (await comments()).map(({ length }) => length);

/** The reply to the first call of an operation is lost; what it did stands. */
function loseReplyTo(operation: string): void {
  hub.replyHook = async (call) => {
    if (!call.operation.includes(operation)) return;
    hub.replyHook = undefined;
    await faulty(() => true, 502)(call);
  };
}

/** A client as the gateway's: it tells a failure at once. */
const once = () => ({ forge: hub.client({ isHurried: true }) });

const byPerson = (as: "commit" | "pull-request", parts = cutParts(hub)) =>
  publish(rollback, { baseBranch: "main", as }, parts);

describe("a person's rollback", () => {
  test("whose commit was repeated because its reply was lost", async () => {
    loseReplyTo("createCommitOnBranch");
    expect(await byPerson("commit")).toMatchObject({
      kind: "skip",
      reason: "version 2 of fraud is rejected in dev already",
    });
    expect(await counts()).toEqual([1, 0]);
    expect((await comments())[0]?.[0]).toStartWith(
      "Version 2 of fraud was rolled back in dev\n\nReason: `errors 'rm'`",
    );
  });

  test("that somebody else has made meanwhile is told by them alone", async () => {
    before(hub, 1, () => byPerson("commit", cutParts(hub, { now: () => new Date("2026-11-21T09:00:00Z") })));
    expect(await byPerson("commit")).toMatchObject({ kind: "skip" });
    expect(await counts()).toEqual([1, 0]);
  });

  test("whose pull request was opened though the reply was lost", async () => {
    loseReplyTo("POST /repos/{owner}/{repo}/pulls");
    expect(await byPerson("pull-request")).toMatchObject({ kind: "published", pullRequest: { number: 3 } });
    expect(await counts()).toEqual([1, 0]);
    expect((await comments())[0]?.[0]).toContain("/pull/3");
    expect(await byPerson("pull-request")).toMatchObject({ kind: "published" });
    expect(await counts()).toEqual([1, 0]);
  });
});

describe("a cut", () => {
  test("that is handed over again after the reply to its commit was lost", async () => {
    loseReplyTo("createCommitOnBranch");
    const lost: unknown = await commitCut(stableCut(), options, cutParts(hub, once())).catch((error: unknown) => error);
    expect(lost).toMatchObject({ name: "OutsideError", retryable: true });
    expect(await counts()).toEqual([0, 0]);
    for (let times = 0; times < 2; times++) {
      expect(await commitCut(stableCut(), options, cutParts(hub, once()))).toMatchObject({ kind: "skip" });
      expect(await counts()).toEqual([1, 0]);
    }
  });

  test("that shares its commit with others, each of which tells its own", async () => {
    const commit = () => {
      const cuts = models.map((model) => stableCut(model));
      return commitCuts(cuts, { ...options, openedFor: () => null }, cutParts(hub, once()));
    };
    loseReplyTo("createCommitOnBranch");
    expect(await commit().catch((error: unknown) => error)).toMatchObject({ name: "OutsideError" });
    for (let times = 0; times < 2; times++) {
      expect((await commit()).map(({ kind }) => kind)).toEqual(["skip", "skip"]);
      expect(await counts()).toEqual([1, 1]);
    }
  });

  test("whose pull request was opened though the reply was lost", async () => {
    loseReplyTo("POST /repos/{owner}/{repo}/pulls");
    const propose = () => commitCut(stableCut(), { ...options, as: "pull-request" }, cutParts(hub, once()));
    expect(await propose().catch((error: unknown) => error)).toMatchObject({ name: "OutsideError" });
    for (let times = 0; times < 2; times++) {
      expect(await propose()).toMatchObject({ kind: "waiting", pullRequest: { number: 3 } });
      expect(await counts()).toEqual([1, 0]);
    }
  });

  test("that a person rolled back already is nobody's to tell again", async () => {
    await byPerson("commit");
    expect(await commitCut(stableCut(), options, cutParts(hub))).toMatchObject({ kind: "skip" });
    expect(await counts()).toEqual([1, 0]);
  });

  test("that cannot be told says so with the reason", async () => {
    loseReplyTo("createCommitOnBranch");
    await commitCut(stableCut(), options, cutParts(hub, once())).catch(() => null);
    hub.hook = faulty((call) => call.operation.includes("comments"), 403);
    expect(await commitCut(stableCut(), options, cutParts(hub))).toEqual({
      kind: "skip",
      reason: expect.stringContaining("rejected in dev already; could not comment on #1"),
    });
  });
});
