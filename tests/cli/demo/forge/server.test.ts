import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { DEMO_TOKEN, ForgeFault, startForge, type ForgeCall } from "../../../../cli/demo/forge/server.ts";
import { commitDirectly, runGit, temporaryDirectory } from "../../../support/git.ts";
import {
  COMMIT,
  commitInput,
  failureOf,
  graphqlErrors,
  HERE,
  octokit,
  refusal,
  testForge,
  withToken,
} from "./forge-fixture.ts";

describe("git over http", () => {
  test("clones, pushes a branch, and fetches what was merged through the API", async () => {
    await using forge = await testForge();
    const clone = join(forge.directory, "clone");
    await runGit(forge.directory, ["clone", "--quiet", forge.cloneUrl, clone]);
    await runGit(clone, ["switch", "--quiet", "--create", "work"]);
    await Bun.write(join(clone, "big.bin"), crypto.getRandomValues(new Uint8Array(60_000)).toHex().repeat(30));
    await runGit(clone, ["add", "big.bin"]);
    await runGit(clone, ["commit", "--quiet", "-m", "Big"]);
    await runGit(clone, ["push", "--quiet", withToken(forge.cloneUrl, "writer-token"), "work"]);

    const api = octokit(forge);
    const { data: pull } = await api.pulls.create({ ...HERE, head: "work", base: "main", title: "Big" });
    await api.pulls.merge({ ...HERE, pull_number: pull.number });
    await runGit(clone, ["pull", "--quiet", "origin", "main"]);
    expect(await runGit(clone, ["rev-parse", "HEAD"])).toBe(await runGit(forge.gitDir, ["rev-parse", "main"]));
    expect(await runGit(clone, ["log", "-1", "--format=%s"])).toBe("Merge pull request #1 from acme/work");
    await runGit(clone, ["fetch", "--quiet", "origin", "pull/1/head"]);
    expect(await runGit(clone, ["rev-parse", "FETCH_HEAD"])).toBe(pull.head.sha);
  });

  test("moves an open pull request's head, and a push of its merge to main merges it", async () => {
    await using forge = await testForge();
    const api = octokit(forge);
    const clone = join(forge.directory, "clone");
    const remote = withToken(forge.cloneUrl, "admin-token");
    await runGit(forge.directory, ["clone", "--quiet", remote, clone]);
    const commit = (message: string) => runGit(clone, ["commit", "--quiet", "--allow-empty", "-m", message]);
    await runGit(clone, ["switch", "--quiet", "--create", "work"]);
    await commit("One");
    await runGit(clone, ["push", "--quiet", "origin", "work"]);
    await api.pulls.create({ ...HERE, head: "work", base: "main", title: "T" });
    await commit("Two");
    await runGit(clone, ["push", "--quiet", "origin", "work"]);
    const head = await runGit(clone, ["rev-parse", "HEAD"]);
    expect((await api.pulls.get({ ...HERE, pull_number: 1 })).data).toMatchObject({ head: { sha: head }, commits: 2 });

    await runGit(clone, ["switch", "--quiet", "main"]);
    await runGit(clone, ["merge", "--quiet", "--no-ff", "-m", "By hand", "work"]);
    await runGit(clone, ["push", "--quiet", "origin", "main"]);
    const merge = await runGit(clone, ["rev-parse", "HEAD"]);
    const { data: merged } = await api.pulls.get({ ...HERE, pull_number: 1 });
    expect(merged).toMatchObject({ merged: true, merge_commit_sha: merge });
  });

  test("takes a push only from a token that may write, and nobody's into the pull requests' refs", async () => {
    await using forge = await testForge();
    const push = (url: string, ref = "refs/heads/new") => runGit(forge.gitDir, ["push", "--quiet", url, `main:${ref}`]);
    expect(await failureOf(push(forge.cloneUrl))).toMatch(/could not read Username|Authentication failed/);
    expect(await failureOf(push(withToken(forge.cloneUrl, "wrong")))).toContain("Authentication failed");
    expect(await failureOf(push(withToken(forge.cloneUrl, "reader-token")))).toContain("403");
    expect(await failureOf(push(withToken(forge.cloneUrl, "admin-token"), "refs/pull/9/head"))).toContain("hidden ref");
    await push(withToken(forge.cloneUrl, "writer-token"));
    expect(await runGit(forge.gitDir, ["for-each-ref", "--format=%(refname)"])).toBe("refs/heads/main\nrefs/heads/new");
  });

  test("reads of a private repository need a token", async () => {
    await using forge = await testForge({ privateReads: true });
    expect(await failureOf(runGit(forge.directory, ["ls-remote", forge.cloneUrl]))).toMatch(/Username|Authentication/);
    const refs = await runGit(forge.directory, ["ls-remote", withToken(forge.cloneUrl, "reader-token"), "main"]);
    expect(refs).toStartWith(forge.firstCommit);
  });
});

describe("a hook", () => {
  test("can move the branch before a chosen call, which then fails as it would on GitHub", async () => {
    let gitDir = "";
    await using forge = await testForge({
      async hook({ operation, index }) {
        if (operation === "graphql createCommitOnBranch" && index === 1) {
          await commitDirectly(gitDir, "main", { "theirs.txt": "x\n" }, "Somebody was faster");
        }
      },
    });
    ({ gitDir } = forge);
    const api = octokit(forge);
    const { data: ref } = await api.git.getRef({ ...HERE, ref: "heads/main" });
    const late = api.graphql(COMMIT, commitInput("main", ref.object.sha, { "ours.txt": "x\n" }));
    expect(await graphqlErrors(late)).toMatchObject([{ type: "STALE_DATA" }]);

    const { data: again } = await api.git.getRef({ ...HERE, ref: "heads/main" });
    await api.graphql(COMMIT, commitInput("main", again.object.sha, { "ours.txt": "x\n" }));
    const log = await runGit(gitDir, ["log", "--format=%s", "main"]);
    expect(log.split("\n")).toEqual(["Change ours.txt", "Somebody was faster", "Start"]);
    expect(forge.calls.map(({ index, operation }) => `${index} ${operation}`)).toEqual([
      "0 GET /repos/{owner}/{repo}/git/ref/{ref}",
      "1 graphql createCommitOnBranch",
      "2 GET /repos/{owner}/{repo}/git/ref/{ref}",
      "3 graphql createCommitOnBranch",
    ]);
  });

  test("can move the base between a merge's review and its effect", async () => {
    let gitDir = "";
    await using forge = await testForge({
      async hook({ operation }) {
        if (!operation.endsWith("/merge")) return;
        await commitDirectly(gitDir, "main", { "models/fraud.yaml": "stable: 9\n" }, "Meanwhile");
      },
    });
    ({ gitDir } = forge);
    const api = octokit(forge);
    await runGit(gitDir, ["branch", "work", "main"]);
    await commitDirectly(gitDir, "work", { "models/fraud.yaml": "stable: 2\n" }, "Two");
    const { data: pull } = await api.pulls.create({ ...HERE, head: "work", base: "main", title: "Two" });
    expect(pull.mergeable).toBe(true);
    expect((await refusal(api.pulls.merge({ ...HERE, pull_number: 1 }))).status).toBe(405);
  });

  test("can answer a call with a fault, which then has no effect", async () => {
    await using forge = await testForge({
      hook({ method }: ForgeCall) {
        if (method !== "POST") return;
        throw new ForgeFault({ status: 502, body: { message: "Bad gateway" }, headers: { "retry-after": "1" } });
      },
    });
    const api = octokit(forge);
    const call = api.git.createRef({ ...HERE, ref: "refs/heads/x", sha: forge.firstCommit });
    expect(await refusal(call)).toMatchObject({ status: 502, message: "Bad gateway" });
    expect((await api.git.listMatchingRefs({ ...HERE, ref: "heads/x" })).data).toEqual([]);
    expect(forge.calls).toHaveLength(2);
  });

  test("that waits holds up its own call and no other", async () => {
    const gate = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    await using forge = await testForge({
      async hook({ operation }) {
        if (operation !== "POST /repos/{owner}/{repo}/git/refs") return;
        held.resolve();
        await gate.promise;
      },
    });
    const api = octokit(forge);
    const slow = api.git.createRef({ ...HERE, ref: "refs/heads/slow", sha: forge.firstCommit });
    await held.promise;
    await api.graphql(COMMIT, commitInput("main", forge.firstCommit, { "a.txt": "a\n" }));
    gate.resolve();
    expect((await slow).status).toBe(201);
  });
});

describe("the server", () => {
  test("starts on an empty folder and says that the repository is empty", async () => {
    await using directory = await temporaryDirectory();
    const now = () => new Date("2026-11-20T09:12:00Z");
    const forge = await startForge({ directory: directory.path, ...HERE, now });
    const api = octokit(forge, DEMO_TOKEN);
    const { data: repository } = await api.repos.get(HERE);
    expect([repository.default_branch, repository.created_at]).toEqual(["main", "2026-11-20T09:12:00Z"]);
    const blob = await refusal(api.git.createBlob({ ...HERE, content: "x" }));
    expect([blob.status, blob.message]).toEqual([409, "Git Repository is empty."]);
    await forge.stop();
    expect(await failureOf(api.repos.get(HERE))).toBeString();
  });

  test("finds its repository again after a restart", async () => {
    await using directory = await temporaryDirectory();
    const first = await startForge({ directory: directory.path, ...HERE });
    const commit = await commitDirectly(first.gitDir, "main", { "a.txt": "a\n" }, "A");
    await first.stop();
    const second = await startForge({ directory: directory.path, ...HERE });
    const { data } = await octokit(second, DEMO_TOKEN).git.getRef({ ...HERE, ref: "heads/main" });
    await second.stop();
    expect(data.object.sha).toBe(commit);
  });
});
