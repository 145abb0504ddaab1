import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { BranchRules } from "../../../../cli/demo/forge/server.ts";
import { commitDirectly, runGit } from "../../../support/git.ts";
import {
  COMMIT,
  commitInput,
  enableAutoMerge,
  graphqlErrors,
  HERE,
  octokit,
  refusal,
  testForge,
} from "./forge-fixture.ts";

let forge: Awaited<ReturnType<typeof testForge>>;
beforeEach(async () => {
  forge = await testForge();
});
afterEach(() => forge[Symbol.asyncDispose]());

const api = (token = "writer-token") => octokit(forge, token);
const rule = (rules: BranchRules) => forge.settings.rules.set("main", rules);
const main = () => runGit(forge.gitDir, ["rev-parse", "main"]);
const succeed = (sha: string, context = "validate", state: "success" | "failure" | "pending" = "success") =>
  api().repos.createCommitStatus({ ...HERE, sha, context, state });

/** A pull request that adds a file; answers its head. */
async function open(branch: string): Promise<string> {
  await runGit(forge.gitDir, ["update-ref", `refs/heads/${branch}`, "main"]);
  const head = await commitDirectly(forge.gitDir, branch, { [`${branch}.txt`]: "x\n" }, branch);
  await api().pulls.create({ ...HERE, head: branch, base: "main", title: branch });
  return head;
}

const merge = (number: number, token?: string) => api(token).pulls.merge({ ...HERE, pull_number: number });
const commit = async (token?: string) =>
  api(token).graphql(COMMIT, commitInput("main", await main(), { "a.txt": "a" }));
const viaPull = "Changes must be made through a pull request.";

describe("a branch that takes pull requests only", () => {
  test.each([
    ["ruleset", `Repository rule violations found\n\n${viaPull}\n\n`],
    ["protection", viaPull],
  ] as const)("by a %s refuses commits and moves in GitHub's words", async (as, words) => {
    rule({ as, pullRequest: { approvals: 0 }, bypass: ["ada"] });
    const before = await main();
    expect(await graphqlErrors(commit())).toMatchObject([{ type: "UNPROCESSABLE", message: words }]);
    const other = await commitDirectly(forge.gitDir, "other", { "o.txt": "o" }, "Other");
    await runGit(forge.gitDir, ["update-ref", "refs/heads/next", "main"]);
    const next = await commitDirectly(forge.gitDir, "next", { "n.txt": "n" }, "Next");
    const move = (sha: string, force = false) => api().git.updateRef({ ...HERE, ref: "heads/main", sha, force });
    expect(await refusal(move(next))).toMatchObject({ status: 422, message: words });
    expect((await refusal(move(other, true))).message).toContain("Cannot force-push to this branch");
    expect(await main()).toBe(before);

    await open("work");
    await merge(1);
    await commit("admin-token");
    expect(await runGit(forge.gitDir, ["show", "main:a.txt"])).toBe("a");
  });

  test("and wants approvals can be merged by those who bypass the rule", async () => {
    rule({ as: "protection", pullRequest: { approvals: 1 }, bypass: ["ada"] });
    await open("work");
    const message = "At least 1 approving review is required by reviewers with write access.";
    expect(await refusal(merge(1))).toMatchObject({ status: 405, message });
    expect((await api().pulls.get({ ...HERE, pull_number: 1 })).data.mergeable_state).toBe("blocked");
    expect((await merge(1, "admin-token")).data.merged).toBe(true);
  });
});

describe("a required check", () => {
  test("keeps a pull request from being merged until it has succeeded, as a status or as a run", async () => {
    rule({ as: "ruleset", checks: { contexts: ["validate", "test"], strict: false } });
    const sha = await open("work");
    const words = async () => (await refusal(merge(1))).message;
    expect(await words()).toContain("2 of 2 required status checks are expected.");
    await succeed(sha);
    expect(await words()).toContain('Required status check "test" is expected.');
    const { data: run } = await api().checks.create({ ...HERE, name: "test", head_sha: sha, status: "in_progress" });
    expect(await words()).toContain('Required status check "test" is pending.');
    await api().checks.update({ ...HERE, check_run_id: run.id, conclusion: "failure" });
    expect(await words()).toContain('Required status check "test" is failing.');
    await api().checks.create({ ...HERE, name: "test", head_sha: sha, status: "completed", conclusion: "success" });
    expect((await api().pulls.get({ ...HERE, pull_number: 1 })).data.mergeable_state).toBe("clean");
    expect((await merge(1)).data.merged).toBe(true);

    const { data: combined } = await api().repos.getCombinedStatusForRef({ ...HERE, ref: sha });
    expect(combined).toMatchObject({ state: "success", total_count: 1 });
    expect((await api().checks.listForRef({ ...HERE, ref: sha })).data.total_count).toBe(2);
  });

  test("of a branch that has to be up to date is expected anew once the base has moved", async () => {
    rule({ as: "protection", checks: { contexts: ["validate"], strict: true } });
    await succeed(await open("work"));
    await commitDirectly(forge.gitDir, "main", { "theirs.txt": "x" }, "Theirs");
    expect((await api().pulls.get({ ...HERE, pull_number: 1 })).data.mergeable_state).toBe("behind");
    const message = 'Required status check "validate" is expected.';
    expect(await refusal(merge(1))).toMatchObject({ status: 405, message });
    await api().pulls.updateBranch({ ...HERE, pull_number: 1 });
    expect((await api().pulls.get({ ...HERE, pull_number: 1 })).data.mergeable_state).toBe("blocked");
    await succeed(await runGit(forge.gitDir, ["rev-parse", "work"]));
    await merge(1);
  });

  test("lets a commit onto the branch that has it", async () => {
    rule({ as: "protection", checks: { contexts: ["validate"], strict: false } });
    await runGit(forge.gitDir, ["update-ref", "refs/heads/next", "main"]);
    const sha = await commitDirectly(forge.gitDir, "next", { "n.txt": "n" }, "Next");
    const move = () => api().git.updateRef({ ...HERE, ref: "heads/main", sha });
    expect(await refusal(move())).toMatchObject({ message: 'Required status check "validate" is expected.' });
    await succeed(sha);
    await move();
  });
});

describe("auto-merge", () => {
  const why = async () => (await graphqlErrors(enableAutoMerge(api(), 1)))[0]?.message;

  test("is refused where it is not allowed, where there are no rules, and where nothing is to be waited for", async () => {
    const sha = await open("work");
    expect(await why()).toBe("Pull request Protected branch rules not configured for this branch");
    rule({ as: "ruleset", checks: { contexts: ["validate"], strict: true } });
    expect(await why()).toBe("Pull request Auto merge is not allowed for this repository");
    forge.settings.allowAutoMerge = true;
    await succeed(sha);
    expect(await why()).toBe("Pull request Pull request is in clean status");
  });

  test("merges when the check has succeeded, and not before", async () => {
    forge.settings.allowAutoMerge = true;
    rule({ as: "ruleset", pullRequest: { approvals: 0 }, checks: { contexts: ["validate"], strict: true } });
    const sha = await open("work");
    const pullRequest = { autoMergeRequest: { mergeMethod: "SQUASH", enabledBy: { login: "grace" } } };
    expect(await enableAutoMerge(api(), 1)).toEqual({ enablePullRequestAutoMerge: { pullRequest } });
    await succeed(sha, "validate", "pending");
    expect((await api().pulls.get({ ...HERE, pull_number: 1 })).data.merged).toBe(false);
    await succeed(sha);
    expect((await api().pulls.get({ ...HERE, pull_number: 1 })).data).toMatchObject({
      merged: true,
      merged_by: { login: "grace" },
    });
    expect(await runGit(forge.gitDir, ["log", "-1", "--format=%s", "main"])).toBe("work (#1)");
  });
});

describe("what the rules are", () => {
  const rules: BranchRules = {
    as: "ruleset",
    pullRequest: { approvals: 0 },
    checks: { contexts: ["validate"], strict: true },
  };
  const ofBranch = async () => (await api().repos.getBranchRules({ ...HERE, branch: "main" })).data;
  const protection = (token?: string) => api(token).repos.getBranchProtection({ ...HERE, branch: "main" });

  test("a ruleset is shown to everybody, and is no protection", async () => {
    expect(await ofBranch()).toEqual([]);
    rule(rules);
    const types = (await ofBranch()).map(({ type }) => type);
    expect(types).toEqual(["deletion", "non_fast_forward", "pull_request", "required_status_checks"]);
    expect((await api().repos.getBranch({ ...HERE, branch: "main" })).data.protected).toBe(true);
    expect(await refusal(protection("admin-token"))).toMatchObject({ status: 404, message: "Branch not protected" });
  });

  test("protection is shown to administrators, its checks to everybody", async () => {
    rule({ ...rules, as: "protection" });
    expect(await ofBranch()).toEqual([]);
    const { data } = await protection("admin-token");
    expect(data.required_status_checks).toMatchObject({ strict: true, contexts: ["validate"] });
    expect(data.required_pull_request_reviews).toMatchObject({ required_approving_review_count: 0 });
    expect(await refusal(protection())).toMatchObject({ status: 403 });
    const { data: branch } = await api().repos.getBranch({ ...HERE, branch: "main" });
    expect(branch.protection.required_status_checks?.contexts).toEqual(["validate"]);
    const { data: listed } = await api().repos.listBranches(HERE);
    expect(listed.map((each) => [each.name, each.protected])).toEqual([["main", true]]);
  });
});
