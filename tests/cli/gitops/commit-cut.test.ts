import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { commitCut, type CommitCutOptions } from "../../../cli/gitops/commit-cut.ts";
import type { ForgeCall } from "../../../cli/demo/forge/api.ts";
import { paths } from "../../../schemas/tree.ts";
import { cutParts, stableCut } from "./cut-parts.ts";
import { faulty, protectedBranch, startHub, type Hub } from "./hub.ts";

let hub: Hub;
beforeEach(async () => {
  hub = await startHub();
});
afterEach(() => hub[Symbol.asyncDispose]());

const options: CommitCutOptions = { baseBranch: "main", as: "commit", autoMerge: true, opened: null };
const commit = (more: Partial<CommitCutOptions> = {}) => commitCut(stableCut(), { ...options, ...more }, cutParts(hub));

async function waiting(more: Partial<CommitCutOptions> = {}) {
  const outcome = await commit(more);
  if (outcome.kind !== "waiting") throw new Error(`not waiting: ${JSON.stringify(outcome)}`);
  return outcome;
}

/** What the plan says of every rollback here. */
const last = "version 1 is the last: there is no earlier one to fall back to";

const asked = (from = 0) =>
  hub.operations(from).filter((operation) => operation.includes("enablePullRequestAutoMerge"));

test("a cut goes straight to the branch in two calls", async () => {
  expect(await commit()).toMatchObject({ kind: "committed", oid: await hub.head("main"), notices: [last] });
  expect(hub.operations()).toEqual(["graphql repository", "graphql createCommitOnBranch"]);
  expect(await hub.show("main", paths.deployment("dev", "fraud"))).toContain("rejected:");
});

describe("a branch that takes pull requests only", () => {
  /** Accepts auto-merge, as a branch with rules does; the server here has none. */
  const accepting = (input: { requests: unknown[] }) => async (call: ForgeCall) => {
    await protectedBranch()(call);
    if (!call.operation.includes("enablePullRequestAutoMerge")) return;
    input.requests.push((call.body as { variables: unknown }).variables);
    await faulty(() => true, 200, { data: { enablePullRequestAutoMerge: { clientMutationId: null } } })(call);
  };

  test("gets a pull request that merges by itself, and waits for a person", async () => {
    const seen = { requests: [] as unknown[] };
    hub.hook = accepting(seen);
    const outcome = await waiting();
    expect(outcome).toMatchObject({ pullRequest: { number: 1 }, notices: [last] });
    expect(seen.requests).toEqual([{ input: { pullRequestId: expect.any(String), mergeMethod: "MERGE" } }]);
    expect(await hub.head("main")).toBe(hub.start);
    expect(await hub.show("mmsp/dev/fraud/rollback-2", paths.deployment("dev", "fraud"))).toContain("rejected:");
  });

  test("without rules to wait for is a notice in GitHub's words, and the pull request waits all the same", async () => {
    hub.hook = protectedBranch();
    const outcome = await waiting();
    expect(asked()).toHaveLength(1);
    expect(outcome.notices).toEqual([
      last,
      expect.stringMatching(/^a person has to merge .*#1.*Protected branch rules not configured for this branch/),
    ]);
    expect(outcome.pullRequest.number).toBe(1);
  });

  test.each([
    ["an error of GitHub's", 502],
    ["a token that may not", 403],
  ])("where auto-merge meets %s, it is a notice as well", async (_what, status) => {
    const refuse = faulty((call) => call.operation.includes("enablePullRequestAutoMerge"), status);
    hub.hook = async (call) => {
      await protectedBranch()(call);
      await refuse(call);
    };
    expect((await waiting()).notices).toEqual([last, expect.stringContaining("a person has to merge the rollback")]);
  });

  test("is not asked for auto-merge where the environment does not want it", async () => {
    hub.hook = protectedBranch();
    expect((await waiting({ autoMerge: false })).notices).toEqual([last]);
    expect(asked()).toEqual([]);
  });

  test("is asked once: who turned it off is not overruled at the next look", async () => {
    hub.hook = protectedBranch();
    const { pullRequest } = await waiting();
    const from = hub.server.calls.length;
    expect(await waiting({ opened: pullRequest })).toMatchObject({ pullRequest, notices: [last] });
    expect(asked(from)).toEqual([]);
  });
});

test("an environment whose rollbacks are pull requests asks for auto-merge, too", async () => {
  expect((await waiting({ as: "pull-request" })).notices).toEqual([
    last,
    expect.stringContaining("Protected branch rules"),
  ]);
  expect(asked()).toHaveLength(1);
});

test("a repository that allows no merge commits is asked to squash", async () => {
  const methods: unknown[] = [];
  hub.hook = async (call) => {
    const { query = "", variables } = call.body as { query?: string; variables: { input: { mergeMethod: string } } };
    if (query.includes("squashMergeAllowed")) {
      const pullRequest = { id: "PR_1", autoMergeRequest: null };
      const repository = { mergeCommitAllowed: false, squashMergeAllowed: true, pullRequest };
      await faulty(() => true, 200, { data: { repository } })(call);
    }
    if (call.operation.includes("enablePullRequestAutoMerge")) methods.push(variables.input.mergeMethod);
  };
  await waiting({ as: "pull-request" });
  expect(methods).toEqual(["SQUASH"]);
});

test("a pull request that a person closed is a refusal", async () => {
  const { pullRequest } = await waiting({ as: "pull-request" });
  await hub.api("PATCH", `/pulls/${pullRequest.number}`, { state: "closed" });
  expect(await commit({ as: "pull-request", opened: pullRequest })).toEqual({ kind: "refused", pullRequest });
});
