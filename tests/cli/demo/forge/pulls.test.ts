import { describe, expect, test } from "bun:test";
import { commitDirectly, runGit } from "../../../support/git.ts";
import { HERE, octokit, refusal, TEN_LINES, testForge } from "./forge-fixture.ts";

const show = (gitDir: string, revision: string) => runGit(gitDir, ["show", revision]);

describe("a pull request", () => {
  test("merges both sides' files and lines, as git does", async () => {
    await using forge = await testForge();
    const api = octokit(forge);
    const ours = TEN_LINES.replace("line 1\n", "line one\n");
    const theirs = TEN_LINES.replace("line 9\n", "line nine\n");
    const head = await forgeBranch(forge.gitDir, "work", { "base.txt": theirs, "new.txt": "new\n" });
    await commitDirectly(forge.gitDir, "main", { "base.txt": ours, "main.txt": "main\n" }, "Meanwhile");

    const { data: pull } = await api.pulls.create({ ...HERE, head: "work", base: "main", title: "Nine" });
    expect(pull).toMatchObject({ number: 1, mergeable: true, mergeable_state: "clean", changed_files: 2, commits: 1 });
    const { data: merged } = await api.pulls.merge({ ...HERE, pull_number: 1, sha: head });

    expect(await show(forge.gitDir, "main:base.txt")).toBe(ours.replace("line 9\n", "line nine\n").trim());
    expect(await runGit(forge.gitDir, ["ls-tree", "-r", "--name-only", "main"])).toBe(
      "base.txt\nmain.txt\nmodels/fraud.yaml\nnew.txt",
    );
    expect(await runGit(forge.gitDir, ["rev-parse", "main", "main^2"])).toBe(`${merged.sha}\n${head}`);
    expect(await runGit(forge.gitDir, ["log", "-1", "--format=%an|%cn|%s|%b", "main"])).toBe(
      "ada|GitHub|Merge pull request #1 from acme/work|Nine",
    );
    const { data: after } = await api.pulls.get({ ...HERE, pull_number: 1 });
    expect(after).toMatchObject({ state: "closed", merged: true, merge_commit_sha: merged.sha });
    expect(after.merged_by?.login).toBe("ada");
    await runGit(forge.gitDir, ["fsck", "--strict"]);
  });

  test("that conflicts says so and answers 405 to a merge, leaving main alone", async () => {
    await using forge = await testForge();
    const api = octokit(forge);
    await forgeBranch(forge.gitDir, "work", { "models/fraud.yaml": "stable: 2\n" });
    const main = await commitDirectly(forge.gitDir, "main", { "models/fraud.yaml": "stable: 3\n" }, "Meanwhile");
    const { data: pull } = await api.pulls.create({ ...HERE, head: "acme:work", base: "main", title: "Two" });
    expect(pull).toMatchObject({ mergeable: false, mergeable_state: "dirty" });

    for (const merge_method of ["merge", "squash"] as const) {
      const { status, message } = await refusal(api.pulls.merge({ ...HERE, pull_number: 1, merge_method }));
      expect([status, message]).toEqual([405, "Pull Request is not mergeable"]);
    }
    const rebase = await refusal(api.pulls.merge({ ...HERE, pull_number: 1, merge_method: "rebase" }));
    expect([rebase.status, rebase.message]).toEqual([405, "This branch can't be rebased"]);
    expect((await refusal(api.pulls.updateBranch({ ...HERE, pull_number: 1 }))).status).toBe(422);
    expect(await runGit(forge.gitDir, ["rev-parse", "main"])).toBe(main);
  });

  test("is squashed into one commit of its author, and rebased commit by commit", async () => {
    await using forge = await testForge();
    for (const [branch, merge_method] of [
      ["squashed", "squash"],
      ["rebased", "rebase"],
    ] as const) {
      await forgeBranch(forge.gitDir, branch, { [`${branch}-1.txt`]: "1\n" });
      await commitDirectly(forge.gitDir, branch, { [`${branch}-2.txt`]: "2\n" }, "Second");
      await commitDirectly(forge.gitDir, "main", { [`beside-${branch}.txt`]: "x\n" }, "Beside");
      const author = octokit(forge, "writer-token");
      const { data: pull } = await author.pulls.create({ ...HERE, head: branch, base: "main", title: branch });
      await octokit(forge).pulls.merge({ ...HERE, pull_number: pull.number, merge_method });
    }
    const log = await runGit(forge.gitDir, ["log", "--format=%an>%cn %s", "main"]);
    expect(log.split("\n")).toEqual([
      "Somebody Else>ada Second",
      "Somebody Else>ada First on rebased",
      "Somebody Else>Somebody Else Beside",
      "grace>GitHub squashed (#1)",
      "Somebody Else>Somebody Else Beside",
      "Somebody Else>Somebody Else Start",
    ]);
    const files = await runGit(forge.gitDir, ["ls-tree", "--name-only", "main"]);
    expect(files.split("\n").filter((name) => /-\d/.test(name))).toHaveLength(4);
  });

  test("is opened once for a pair of branches, and only with commits, for branches that exist", async () => {
    await using forge = await testForge();
    const api = octokit(forge);
    await forgeBranch(forge.gitDir, "work", { "a.txt": "a\n" });
    await runGit(forge.gitDir, ["branch", "same", "main"]);
    const open = (head: string, base = "main") => api.pulls.create({ ...HERE, head, base, title: "T" });
    await open("work");

    const custom = (message: string) => [{ resource: "PullRequest", code: "custom", message }];
    const invalid = (field: string) => [{ resource: "PullRequest", field, code: "invalid" }];
    const expected = [
      [open("work"), custom("A pull request already exists for acme:work.")],
      [open("same"), custom("No commits between main and same")],
      [open("absent"), invalid("head")],
      [open("other:work"), invalid("head")],
      [open("work", "absent"), invalid("base")],
    ] as const;
    for (const [call, errors] of expected) {
      expect(await refusal(call)).toEqual({ status: 422, message: "Validation Failed", errors });
    }

    const many = await Promise.allSettled(Array.from({ length: 5 }, () => open("work", "same")));
    expect(many.filter((result) => result.status === "fulfilled")).toHaveLength(1);
  });

  test("is not merged when its head is not the one that was reviewed", async () => {
    await using forge = await testForge();
    const seen = await forgeBranch(forge.gitDir, "work", { "a.txt": "a\n" });
    const api = octokit(forge);
    await api.pulls.create({ ...HERE, head: "work", base: "main", title: "T" });
    const head = await commitDirectly(forge.gitDir, "work", { "a.txt": "b\n" }, "More");

    expect(await refusal(api.pulls.merge({ ...HERE, pull_number: 1, sha: seen }))).toMatchObject({ status: 409 });
    const { data: pull } = await api.pulls.get({ ...HERE, pull_number: 1 });
    expect([pull.state, pull.head.sha]).toEqual(["open", head]);
    expect(await runGit(forge.gitDir, ["rev-parse", "refs/pull/1/head"])).toBe(head);
  });

  test("follows its branch: merged when main takes it in, closed when it is set back or deleted", async () => {
    await using forge = await testForge();
    const api = octokit(forge);
    for (const branch of ["taken", "back", "gone"]) {
      await forgeBranch(forge.gitDir, branch, { [`${branch}.txt`]: "x\n" });
      await api.pulls.create({ ...HERE, head: branch, base: "main", title: branch });
    }
    const taken = await runGit(forge.gitDir, ["rev-parse", "taken"]);
    await api.git.updateRef({ ...HERE, ref: "heads/main", sha: taken });
    await api.git.updateRef({ ...HERE, ref: "heads/back", sha: taken, force: true });
    await api.git.deleteRef({ ...HERE, ref: "heads/gone" });

    const { data: pulls } = await api.pulls.list({ ...HERE, state: "all", direction: "asc" });
    expect(pulls.map((pull) => [pull.title, pull.state, pull.merge_commit_sha])).toEqual([
      ["taken", "closed", taken],
      ["back", "closed", null],
      ["gone", "closed", null],
    ]);
    const reopened = await refusal(api.pulls.update({ ...HERE, pull_number: 3, state: "open" }));
    expect(reopened.status).toBe(422);
  });

  test("is brought up to date with its base, edited, commented on, closed and reopened", async () => {
    await using forge = await testForge();
    const api = octokit(forge);
    await forgeBranch(forge.gitDir, "work", { "a.txt": "a\n" });
    await api.pulls.create({ ...HERE, head: "work", base: "main", title: "T", body: "B" });
    await commitDirectly(forge.gitDir, "main", { "main.txt": "main\n" }, "Meanwhile");
    const pull = { ...HERE, pull_number: 1 };

    expect((await api.pulls.updateBranch(pull)).status).toBe(202);
    expect(await show(forge.gitDir, "work:main.txt")).toBe("main");
    expect(await refusal(api.pulls.updateBranch(pull))).toMatchObject({ status: 422 });
    const { data: files } = await api.pulls.listFiles(pull);
    expect(files.map((file) => [file.filename, file.status, file.patch])).toEqual([
      ["a.txt", "added", "@@ -0,0 +1 @@\n+a"],
    ]);
    const { data: commits } = await api.pulls.listCommits(pull);
    expect(commits.map(({ commit }) => commit.message)).toEqual(["First on work", "Merge branch 'main' into work"]);

    await api.pulls.update({ ...pull, title: "New", body: "Text", state: "closed" });
    const { data: open } = await api.pulls.update({ ...pull, state: "open" });
    expect(open).toMatchObject({ title: "New", body: "Text", state: "open", closed_at: null });
    await api.issues.createComment({ ...HERE, issue_number: 1, body: "Please wait." });
    const { data: comments } = await api.issues.listComments({ ...HERE, issue_number: 1 });
    expect(comments.map((comment) => [comment.user?.login, comment.body])).toEqual([["ada", "Please wait."]]);
  });

  test("is found by state, head and base, page by page", async () => {
    await using forge = await testForge();
    const api = octokit(forge);
    for (const branch of ["one", "two", "three"]) {
      await forgeBranch(forge.gitDir, branch, { [`${branch}.txt`]: "x\n" });
      await api.pulls.create({ ...HERE, head: branch, base: "main", title: branch });
    }
    await api.pulls.update({ ...HERE, pull_number: 2, state: "closed" });
    const titles = async (query: object) =>
      (await api.paginate(api.pulls.list, { ...HERE, per_page: 1, ...query })).map((pull) => pull.title);

    expect(await titles({})).toEqual(["three", "one"]);
    expect(await titles({ state: "all" })).toEqual(["three", "two", "one"]);
    expect(await titles({ head: "acme:one" })).toEqual(["one"]);
    expect(await titles({ state: "closed", base: "main" })).toEqual(["two"]);
    expect(await titles({ base: "other" })).toEqual([]);
  });
});

/** A branch from main with one commit of somebody's; answers the commit. */
async function forgeBranch(gitDir: string, branch: string, files: Record<string, string>): Promise<string> {
  await runGit(gitDir, ["branch", branch, "main"]);
  return commitDirectly(gitDir, branch, files, `First on ${branch}`);
}
