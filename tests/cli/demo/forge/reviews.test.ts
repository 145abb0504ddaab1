import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { BranchRules } from "../../../../cli/demo/forge/server.ts";
import { commitDirectly, runGit } from "../../../support/git.ts";
import { enableAutoMerge, HERE, inRepository, octokit, refusal, testForge } from "./forge-fixture.ts";

let forge: Awaited<ReturnType<typeof testForge>>;
const it = { ...HERE, pull_number: 1 };

/** Grace's pull request, number 1. */
beforeEach(async () => {
  forge = await testForge();
  await push("work", "a.txt");
  await api("grace").pulls.create({ ...HERE, head: "work", base: "main", title: "T" });
});
afterEach(() => forge[Symbol.asyncDispose]());

const tokens = { ada: "admin-token", grace: "writer-token", rita: "reader-token", rollouts: "app-token" };
const api = (login: keyof typeof tokens) => octokit(forge, tokens[login]);

async function push(branch: string, path: string): Promise<void> {
  const exists = (await runGit(forge.gitDir, ["for-each-ref", `refs/heads/${branch}`])) !== "";
  if (!exists) await runGit(forge.gitDir, ["branch", branch, "main"]);
  await commitDirectly(forge.gitDir, branch, { [path]: `${path}\n` }, path);
}

const asks = (pullRequest: NonNullable<BranchRules["pullRequest"]>, as: BranchRules["as"] = "protection") =>
  forge.settings.rules.set("main", { as, pullRequest });
const review = (login: keyof typeof tokens, event?: "APPROVE" | "REQUEST_CHANGES" | "COMMENT", body = "") =>
  api(login).pulls.createReview({ ...it, body, ...(event === undefined ? {} : { event }) });
const merge = () => api("grace").pulls.merge(it);
const states = async () =>
  (await api("rita").pulls.listReviews(it)).data.map(({ user, state }) => [user?.login, state]);

interface Looked {
  readonly repository: { readonly pullRequest: { reviewDecision: string | null; mergeStateStatus: string } };
}

async function decision(): Promise<readonly (string | null)[]> {
  const query = inRepository("pullRequest(number: 1) { reviewDecision mergeStateStatus }");
  const { pullRequest } = (await api("rita").graphql<Looked>(query)).repository;
  return [pullRequest.reviewDecision, pullRequest.mergeStateStatus];
}

describe("a branch that wants reviews", () => {
  test("takes a merge once so many approve, and nobody's last word is against it", async () => {
    asks({ approvals: 2 });
    expect(await decision()).toEqual(["REVIEW_REQUIRED", "BLOCKED"]);
    expect(await refusal(merge())).toMatchObject({
      status: 405,
      message: "At least 2 approving reviews are required by reviewers with write access.",
    });
    await review("ada", "APPROVE");
    await review("ada", "APPROVE", "Still");
    expect(await decision()).toEqual(["REVIEW_REQUIRED", "BLOCKED"]);
    await review("rollouts", "APPROVE");
    expect(await decision()).toEqual(["APPROVED", "CLEAN"]);
    await review("ada", "REQUEST_CHANGES", "On second thoughts");
    expect(await decision()).toEqual(["CHANGES_REQUESTED", "BLOCKED"]);
    expect(await refusal(merge())).toMatchObject({ status: 405, message: "Changes have been requested." });
    await review("ada", "COMMENT", "Well");
    expect((await decision())[0]).toBe("CHANGES_REQUESTED");
    await review("ada", "APPROVE");
    expect((await merge()).data.merged).toBe(true);
  });

  test("says so in a ruleset's words, too, and shows how many it wants", async () => {
    asks({ approvals: 1, dismissStale: true }, "ruleset");
    expect((await refusal(merge())).message).toBe(
      "Repository rule violations found\n\nAt least 1 approving review is required by reviewers with write access.\n\n",
    );
    const { data: rules } = await api("rita").repos.getBranchRules({ ...HERE, branch: "main" });
    expect(rules.find(({ type }) => type === "pull_request")).toMatchObject({
      parameters: { required_approving_review_count: 1, dismiss_stale_reviews_on_push: true },
    });
    asks({ approvals: 1, dismissStale: true });
    const { data: protection } = await api("ada").repos.getBranchProtection({ ...HERE, branch: "main" });
    expect(protection.required_pull_request_reviews).toMatchObject({
      required_approving_review_count: 1,
      dismiss_stale_reviews: true,
    });
  });

  test("forgets approvals where other changes come after them, if its rule says so", async () => {
    asks({ approvals: 1, dismissStale: true });
    await review("ada", "APPROVE");
    await push("main", "theirs.txt");
    await api("grace").pulls.updateBranch(it);
    expect(await states()).toEqual([["ada", "APPROVED"]]);
    await push("work", "b.txt");
    expect(await states()).toEqual([["ada", "DISMISSED"]]);
    expect(await decision()).toEqual(["REVIEW_REQUIRED", "BLOCKED"]);

    asks({ approvals: 1 });
    await review("ada", "APPROVE");
    await push("work", "c.txt");
    expect(await decision()).toEqual(["APPROVED", "CLEAN"]);
  });

  test("is waited for by auto-merge", async () => {
    asks({ approvals: 1 });
    forge.settings.allowAutoMerge = true;
    await enableAutoMerge(api("grace"), 1);
    await review("ada", "REQUEST_CHANGES", "No");
    expect((await api("grace").pulls.get(it)).data).toMatchObject({
      merged: false,
      auto_merge: { enabled_by: { login: "grace" }, merge_method: "squash" },
    });
    await review("ada", "APPROVE");
    expect((await api("grace").pulls.get(it)).data).toMatchObject({ merged: true, merged_by: { login: "grace" } });
  });
});

test("where nobody asks for reviews they are shown, and decide nothing", async () => {
  await review("ada", "REQUEST_CHANGES", "No");
  expect(await states()).toEqual([["ada", "CHANGES_REQUESTED"]]);
  expect(await decision()).toEqual([null, "CLEAN"]);
  expect((await merge()).data.merged).toBe(true);
});

test("a review is refused to the author, to who may only read, and where it says nothing", async () => {
  const own = { status: 422, message: "Unprocessable Entity" };
  expect(await refusal(review("grace", "APPROVE"))).toMatchObject({
    ...own,
    errors: ["Review Can not approve your own pull request"],
  });
  expect(await refusal(review("grace", "REQUEST_CHANGES", "Hm"))).toMatchObject({
    ...own,
    errors: ["Review Can not request changes on your own pull request"],
  });
  expect((await review("grace", "COMMENT", "See the notes")).data.state).toBe("COMMENTED");
  expect((await refusal(review("rita", "APPROVE"))).status).toBe(403);
  expect((await refusal(review("ada", "REQUEST_CHANGES"))).status).toBe(422);
});

test("what is not implemented of reviews says so", async () => {
  const comments = [{ path: "a.txt", position: 1, body: "x" }];
  const line = { ...it, event: "COMMENT" as const, body: "B", comments };
  expect(await refusal(review("ada"))).toMatchObject({ status: 501, message: expect.stringContaining("submitted") });
  expect((await refusal(api("ada").pulls.createReview(line))).status).toBe(501);
  const { data } = await review("ada", "APPROVE");
  const dismissal = { ...it, review_id: data.id, message: "Old" };
  expect((await refusal(api("ada").pulls.dismissReview(dismissal))).status).toBe(501);
});
