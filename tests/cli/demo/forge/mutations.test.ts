import { describe, expect, test } from "bun:test";
import { commitDirectly, runGit } from "../../../support/git.ts";
import { COMMIT, commitInput, graphqlErrors, inRepository, octokit, testForge } from "./forge-fixture.ts";

/** What the mutations below are asked for, all together. */
interface Payload {
  readonly clientMutationId: string;
  readonly ref: { readonly id: string; readonly target: { readonly oid: string } };
  readonly pullRequest: { readonly id: string } & Readonly<Record<string, unknown>>;
  readonly commentEdge: { readonly node: object };
}

type Payloads = Readonly<Record<string, Payload>>;

describe("a mutation", () => {
  test("opens, edits, comments on and merges a pull request by node ids, and moves refs", async () => {
    await using forge = await testForge();
    const api = octokit(forge);
    const found = await api.graphql<{ repository: { id: string } }>(inRepository("id"));
    const repositoryId = found.repository.id;
    const run = async (name: string, selection: string, input: object) => {
      const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
      const text = `mutation ($input: ${type}!) { ${name}(input: $input) { clientMutationId ${selection} } }`;
      const reply = await api.graphql<Payloads>(text, { input: { clientMutationId: name, ...input } });
      expect(reply[name]?.clientMutationId).toBe(name);
      return reply[name]!;
    };
    const { ref } = await run("createRef", "ref { id name }", {
      repositoryId,
      name: "refs/heads/work",
      oid: forge.firstCommit,
    });
    await api.graphql(COMMIT, commitInput("work", forge.firstCommit, { "a.txt": "a\n" }));
    const created = await run("createPullRequest", "pullRequest { id number state }", {
      repositoryId,
      baseRefName: "main",
      headRefName: "work",
      title: "T",
    });
    const pullRequestId = created.pullRequest.id;
    const edited = await run("updatePullRequest", "pullRequest { title body }", {
      pullRequestId,
      title: "U",
      body: "B",
    });
    expect(edited.pullRequest).toMatchObject({ title: "U", body: "B" });
    const commented = await run("addComment", "commentEdge { node { body author { login } } }", {
      subjectId: pullRequestId,
      body: "Fine.",
    });
    expect(commented.commentEdge.node).toEqual({ body: "Fine.", author: { login: "ada" } });

    const auto = `mutation { enablePullRequestAutoMerge(input: { pullRequestId: "${pullRequestId}" }) { clientMutationId } }`;
    expect(await graphqlErrors(api.graphql(auto))).toMatchObject([
      { type: "UNPROCESSABLE", message: "Pull request Protected branch rules not configured for this branch" },
    ]);
    const merged = await run("mergePullRequest", "pullRequest { state merged mergeCommit { oid } }", { pullRequestId });
    expect(merged.pullRequest).toMatchObject({ state: "MERGED", merged: true });

    const back = await graphqlErrors(run("updateRef", "ref { name }", { refId: ref.id, oid: forge.firstCommit }));
    expect(back).toMatchObject([{ type: "UNPROCESSABLE", message: "Update is not a fast forward" }]);
    const forced = await run("updateRef", "ref { target { oid } }", {
      refId: ref.id,
      oid: forge.firstCommit,
      force: true,
    });
    expect(forced.ref.target.oid).toBe(forge.firstCommit);
    await run("deleteRef", "", { refId: ref.id });
    expect(await runGit(forge.gitDir, ["for-each-ref", "refs/heads/work"])).toBe("");
  });

  test("moves several refs or none", async () => {
    await using forge = await testForge();
    const api = octokit(forge);
    await runGit(forge.gitDir, ["branch", "one", "main"]);
    await runGit(forge.gitDir, ["branch", "two", "main"]);
    const next = await commitDirectly(forge.gitDir, "main", { "a.txt": "a\n" }, "Next");
    const { repository } = await api.graphql<{ repository: { id: string } }>(inRepository("id"));
    const text = "mutation ($input: UpdateRefsInput!) { updateRefs(input: $input) { clientMutationId } }";
    const move = (beforeOid: string) => {
      const refUpdates = [
        { name: "refs/heads/one", afterOid: next },
        { name: "refs/heads/two", afterOid: next, beforeOid },
      ];
      return api.graphql(text, { input: { repositoryId: repository.id, refUpdates } });
    };
    expect(await graphqlErrors(move(next))).toMatchObject([{ type: "UNPROCESSABLE" }]);
    expect(await runGit(forge.gitDir, ["rev-parse", "one"])).toBe(forge.firstCommit);
    await move(forge.firstCommit);
    expect(await runGit(forge.gitDir, ["rev-parse", "one", "two"])).toBe(`${next}\n${next}`);
  });
});
