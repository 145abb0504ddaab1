import { describe, expect, test } from "bun:test";
import { restTemplates } from "../../../../cli/demo/forge/rest/serve.ts";
import { commitDirectly, runGit } from "../../../support/git.ts";
import { HERE, octokit, refusal, testForge } from "./forge-fixture.ts";

describe("a REST call", () => {
  test("needs a token that is known, and the right to do what it asks", async () => {
    await using forge = await testForge();
    const unknown = await refusal(octokit(forge, "no-such-token").repos.get(HERE));
    expect([unknown.status, unknown.message]).toEqual([401, "Bad credentials"]);
    const none = await fetch(`${forge.apiUrl}/repos/acme/models`);
    expect([none.status, ((await none.json()) as { message: string }).message]).toEqual([401, "Bad credentials"]);

    const reader = octokit(forge, "reader-token");
    const { data: repository } = await reader.repos.get({ owner: "ACME", repo: "Models" });
    expect(repository).toMatchObject({ full_name: "acme/models", default_branch: "main" });
    expect(repository.permissions).toEqual({ admin: false, push: false, pull: true });
    const write = await refusal(reader.git.createRef({ ...HERE, ref: "refs/heads/x", sha: forge.firstCommit }));
    expect([write.status, write.message]).toEqual([403, "Resource not accessible by personal access token"]);
    expect((await refusal(reader.repos.get({ owner: "acme", repo: "other" }))).status).toBe(404);
    expect(await refusal(octokit(forge, "app-token").users.getAuthenticated())).toMatchObject({ status: 403 });
    expect((await reader.users.getAuthenticated()).data.login).toBe("rita");
  });

  test("for what is not implemented is 501 and says what that is", async () => {
    await using forge = await testForge();
    const api = octokit(forge);
    const asked = [
      [api.issues.addLabels({ ...HERE, issue_number: 1, labels: ["x"] }), "POST /repos/acme/models/issues/1/labels"],
      [api.repos.createDispatchEvent({ ...HERE, event_type: "x" }), "POST /repos/acme/models/dispatches"],
      [api.repos.listCommits({ ...HERE, author: "ada" }), 'the query "author"'],
    ] as const;
    for (const [call, what] of asked) {
      expect(await refusal(call)).toMatchObject({ status: 501, message: `The demo forge does not implement ${what}.` });
    }
  });

  test("that says more than is listened to is 501, whichever it is", async () => {
    await using forge = await testForge();
    for (const template of restTemplates) {
      const [method = "", path = ""] = template.split(" ");
      const named = path
        .replace("{owner}", "acme")
        .replace("{repo}", "models")
        .replaceAll(/\{\w+\}/g, "1");
      const headers = { authorization: "Bearer admin-token" };
      const reply = await fetch(`${forge.apiUrl}${named}?nonsense=1`, { method, headers });
      expect([template, reply.status, await reply.text()]).toEqual([
        template,
        501,
        expect.stringContaining('does not implement the query \\"nonsense\\"'),
      ]);
    }
    const pull = { ...HERE, head: "main", base: "main", title: "T", head_repo: "models" };
    expect((await refusal(octokit(forge).pulls.create(pull))).message).toContain('the field "head_repo"');
  });

  test("with a broken body is refused: 400 for no JSON, 422 for the wrong fields", async () => {
    await using forge = await testForge();
    const post = (body: string) =>
      fetch(`${forge.apiUrl}/repos/acme/models/pulls`, {
        method: "POST",
        headers: { authorization: "Bearer admin-token" },
        body,
      });
    expect((await post("{")).status).toBe(400);
    expect(forge.calls.map(({ method, body }) => [method, body])).toEqual([["POST", "{"]]);
    const wrong = await post(JSON.stringify({ title: 7, head: "work" }));
    expect(wrong.status).toBe(422);
    expect(((await wrong.json()) as { message: string }).message).toContain("base");
  });
});

describe("refs", () => {
  test("are created, listed, moved forwards and deleted", async () => {
    await using forge = await testForge();
    const api = octokit(forge);
    await api.git.createRef({ ...HERE, ref: "refs/heads/mmsp/dev/a", sha: forge.firstCommit });
    await api.git.createRef({ ...HERE, ref: "refs/tags/v1", sha: forge.firstCommit });
    const next = await commitDirectly(forge.gitDir, "main", { "a.txt": "a\n" }, "Next");

    const { data: ref } = await api.git.updateRef({ ...HERE, ref: "heads/mmsp/dev/a", sha: next });
    expect(ref).toMatchObject({ ref: "refs/heads/mmsp/dev/a", object: { type: "commit", sha: next } });
    const { data: matching } = await api.git.listMatchingRefs({ ...HERE, ref: "heads/mm" });
    expect(matching.map((each) => each.ref)).toEqual(["refs/heads/mmsp/dev/a"]);
    await api.git.deleteRef({ ...HERE, ref: "heads/mmsp/dev/a" });
    expect((await refusal(api.git.getRef({ ...HERE, ref: "heads/mmsp/dev/a" }))).status).toBe(404);
    expect((await api.git.getRef({ ...HERE, ref: "tags/v1" })).data.object.sha).toBe(forge.firstCommit);
  });

  test("do not move backwards or sideways unless forced", async () => {
    await using forge = await testForge();
    const api = octokit(forge);
    const next = await commitDirectly(forge.gitDir, "main", { "a.txt": "a\n" }, "Next");
    const back = { ...HERE, ref: "heads/main", sha: forge.firstCommit };
    expect(await refusal(api.git.updateRef(back))).toMatchObject({
      status: 422,
      message: "Update is not a fast forward",
    });
    expect(await runGit(forge.gitDir, ["rev-parse", "main"])).toBe(next);
    await api.git.updateRef({ ...back, force: true });
    expect(await runGit(forge.gitDir, ["rev-parse", "main"])).toBe(forge.firstCommit);
  });

  test("are refused with 422 when they exist, do not exist, point nowhere or are badly named", async () => {
    await using forge = await testForge();
    const api = octokit(forge);
    const create = (ref: string, sha = forge.firstCommit) => api.git.createRef({ ...HERE, ref, sha });
    const expected = [
      [create("refs/heads/main"), "Reference already exists"],
      [create("refs/heads/main/sub"), "Reference cannot be created"],
      [create("refs/heads/x", "1".repeat(40)), "Object does not exist"],
      [create("refs/heads/a..b"), "refs/heads/a..b is not a valid ref name."],
      [create("main"), "main is not a valid ref name."],
      [api.git.updateRef({ ...HERE, ref: "heads/x", sha: forge.firstCommit }), "Reference does not exist"],
      [api.git.deleteRef({ ...HERE, ref: "heads/x" }), "Reference does not exist"],
      [api.git.deleteRef({ ...HERE, ref: "heads/main" }), "Cannot delete the default branch"],
    ] as const;
    for (const [call, message] of expected) expect(await refusal(call)).toMatchObject({ status: 422, message });
    const race = await Promise.allSettled(Array.from({ length: 10 }, () => create("refs/heads/once")));
    expect(race.filter((result) => result.status === "fulfilled")).toHaveLength(1);
  });
});

describe("the git data API", () => {
  test("builds a commit from blobs and a tree on another tree, and removes files", async () => {
    await using forge = await testForge();
    const api = octokit(forge);
    const content = Buffer.from([0, 255, 1]).toString("base64");
    const { data: blob } = await api.git.createBlob({ ...HERE, content, encoding: "base64" });
    const { data: tree } = await api.git.createTree({
      ...HERE,
      base_tree: forge.firstCommit,
      tree: [
        { path: "bin/data", mode: "100755", type: "blob", sha: blob.sha },
        { path: "models/new/x.yaml", mode: "100644", type: "blob", content: "x: 1\n" },
        { path: "models/fraud.yaml", mode: "100644", type: "blob", sha: null },
      ],
    });
    const author = { name: "Ann", email: "ann@example.com", date: "2026-11-20T09:12:00Z" };
    const parents = [forge.firstCommit];
    const commit = { ...HERE, message: "By hand", tree: tree.sha, parents, author };
    const { data: written } = await api.git.createCommit(commit);
    expect(written).toMatchObject({ author, committer: author, parents: [{ sha: forge.firstCommit }] });
    await api.git.updateRef({ ...HERE, ref: "heads/main", sha: written.sha });

    const files = await runGit(forge.gitDir, ["ls-tree", "-r", "--format=%(objectmode) %(path)", "main"]);
    expect(files).toBe("100644 base.txt\n100755 bin/data\n100644 models/new/x.yaml");
    expect((await api.git.getBlob({ ...HERE, file_sha: blob.sha })).data.content).toBe(content);
    const whole = await api.git.getTree({ ...HERE, tree_sha: "main", recursive: "1" });
    expect(whole.data.tree.map((entry) => entry.path)).toEqual([
      "base.txt",
      "bin",
      "bin/data",
      "models",
      "models/new",
      "models/new/x.yaml",
    ]);
    expect((await api.git.getCommit({ ...HERE, commit_sha: written.sha })).data.message).toBe("By hand");
    await runGit(forge.gitDir, ["fsck", "--strict"]);
  });

  test("refuses trees and commits of what is not there", async () => {
    await using forge = await testForge();
    const api = octokit(forge);
    const entry = { path: "x", mode: "100644", type: "blob" } as const;
    const tree = (entries: object) =>
      api.git.createTree({ ...HERE, base_tree: "main", tree: [{ ...entry, ...entries }] });
    const absent = "1".repeat(40);
    for (const call of [
      tree({ sha: absent }),
      tree({ sha: null }),
      tree({ path: "../x", content: "x" }),
      tree({ sha: absent, content: "x" }),
      api.git.createCommit({ ...HERE, message: "m", tree: absent }),
      api.git.createCommit({ ...HERE, message: "m", tree: `${forge.firstCommit}^{tree}`, parents: [absent] }),
    ]) {
      expect((await refusal(call)).status).toBe(422);
    }
  });
});

describe("contents, commits and comparisons", () => {
  test("give files, folders and raw bytes of any revision", async () => {
    await using forge = await testForge();
    const api = octokit(forge);
    const next = await commitDirectly(forge.gitDir, "main", { "models/fraud.yaml": "stable: 2\n" }, "Two");
    const path = "models/fraud.yaml";
    const { data: file } = await api.repos.getContent({ ...HERE, path, ref: forge.firstCommit });
    expect(file).toMatchObject({ type: "file", path, encoding: "base64" });
    expect(Buffer.from((file as { content: string }).content, "base64").toString()).toBe("stable: 1\n");
    const raw = await api.repos.getContent({ ...HERE, path, mediaType: { format: "raw" } });
    expect(Buffer.from(raw.data as unknown as ArrayBuffer).toString()).toBe("stable: 2\n");
    const { data: folder } = await api.repos.getContent({ ...HERE, path: "" });
    expect((folder as { name: string; type: string }[]).map(({ name, type }) => [name, type])).toEqual([
      ["base.txt", "file"],
      ["models", "dir"],
    ]);
    expect((await refusal(api.repos.getContent({ ...HERE, path: "nothing" }))).status).toBe(404);

    const { data: commit } = await api.repos.getCommit({ ...HERE, ref: "main" });
    expect(commit).toMatchObject({ sha: next, stats: { additions: 1, deletions: 1, total: 2 } });
    expect(commit.files?.map((each) => each.patch)).toEqual(["@@ -1 +1 @@\n-stable: 1\n+stable: 2"]);
    expect((await refusal(api.repos.getCommit({ ...HERE, ref: "absent" }))).status).toBe(422);
    const { data: touched } = await api.repos.listCommits({ ...HERE, path: "base.txt" });
    expect(touched.map((each) => each.sha)).toEqual([forge.firstCommit]);
  });

  test("compare two branches from where they parted, renames found", async () => {
    await using forge = await testForge();
    await runGit(forge.gitDir, ["branch", "work/a", "main"]);
    const text = await runGit(forge.gitDir, ["cat-file", "blob", "main:base.txt"]);
    await commitDirectly(forge.gitDir, "work/a", { "base.txt": null, "renamed.txt": `${text}\n` }, "Rename");
    await commitDirectly(forge.gitDir, "main", { "main.txt": "main\n" }, "Meanwhile");
    const { data } = await octokit(forge).repos.compareCommitsWithBasehead({ ...HERE, basehead: "main...work/a" });
    expect(data).toMatchObject({ status: "diverged", ahead_by: 1, behind_by: 1, total_commits: 1 });
    expect(data.merge_base_commit.sha).toBe(forge.firstCommit);
    expect(data.files?.map((file) => [file.filename, file.status, file.previous_filename])).toEqual([
      ["renamed.txt", "renamed", "base.txt"],
    ]);
  });
});
