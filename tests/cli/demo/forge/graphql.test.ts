import { describe, expect, test } from "bun:test";
import { commitDirectly, runGit } from "../../../support/git.ts";
import { COMMIT, commitInput, graphqlErrors, HERE, inRepository, octokit, testForge } from "./forge-fixture.ts";

interface RepositoryReply {
  readonly repository: Readonly<Record<string, unknown>>;
}

interface HistoryReply {
  readonly repository: {
    readonly defaultBranchRef: {
      readonly target: {
        readonly history: {
          readonly nodes: readonly { readonly message: string }[];
          readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
        };
      };
    };
  };
}

describe("a GraphQL call", () => {
  test("reads files of a whole folder, and says when a text is cut", async () => {
    await using forge = await testForge();
    const long = "x".repeat(600 * 1024);
    const files = { "models/deep/long.txt": long, "models/deep/data.bin": "a\0b" };
    await commitDirectly(forge.gitDir, "main", files, "More");
    const blob = "__typename ... on Blob { text byteSize isBinary isTruncated }";
    const tree = `... on Tree { entries { name path type object { ${blob} ... on Tree { entries { path object { ${blob} } } } } } }`;
    const reply = await octokit(forge).graphql<RepositoryReply>(
      inRepository(`object(expression: "main:models") { ${tree} } absent: object(expression: "main:nothing") { oid }`),
    );
    expect(reply.repository["absent"]).toBeNull();
    expect(reply.repository["object"]).toEqual({
      entries: [
        {
          name: "deep",
          path: "models/deep",
          type: "tree",
          object: {
            __typename: "Tree",
            entries: [
              {
                path: "models/deep/data.bin",
                object: { __typename: "Blob", text: null, byteSize: 3, isBinary: true, isTruncated: false },
              },
              {
                path: "models/deep/long.txt",
                object: {
                  __typename: "Blob",
                  text: "x".repeat(512 * 1024),
                  byteSize: long.length,
                  isBinary: false,
                  isTruncated: true,
                },
              },
            ],
          },
        },
        {
          name: "fraud.yaml",
          path: "models/fraud.yaml",
          type: "blob",
          object: { __typename: "Blob", text: "stable: 1\n", byteSize: 10, isBinary: false, isTruncated: false },
        },
      ],
    });
  });

  test("shows a branch, what it is ahead by and whose commits those are", async () => {
    await using forge = await testForge();
    const api = octokit(forge, "writer-token");
    await api.git.createRef({ ...HERE, ref: "refs/heads/mmsp/work", sha: forge.firstCommit });
    await api.graphql(COMMIT, commitInput("mmsp/work", forge.firstCommit, { "own.txt": "x\n" }));
    await commitDirectly(forge.gitDir, "mmsp/work", { "theirs.txt": "x\n" }, "Somebody's");
    await api.pulls.create({ ...HERE, head: "mmsp/work", base: "main", title: "T" });

    const people = "author { name user { login } } committer { name }";
    const compare = `compare(headRef: "mmsp/work") { aheadBy behindBy status commits(first: 10) { totalCount nodes { messageHeadline ${people} } } }`;
    const pulls =
      "pullRequests(states: OPEN, first: 5) { nodes { number headRefName isCrossRepository mergeable files(first: 5) { nodes { path changeType } } } }";
    const reply = await api.graphql<RepositoryReply>(
      inRepository(`nameWithOwner viewerPermission
        defaultBranchRef { name prefix ${compare} }
        refs(refPrefix: "refs/heads/mmsp/", first: 5) { nodes { name associatedPullRequests(first: 1) { nodes { number } } } }
        ${pulls}`),
    );
    expect(reply.repository).toEqual({
      nameWithOwner: "acme/models",
      viewerPermission: "WRITE",
      defaultBranchRef: {
        name: "main",
        prefix: "refs/heads/",
        compare: {
          aheadBy: 2,
          behindBy: 0,
          status: "AHEAD",
          commits: {
            totalCount: 2,
            nodes: [
              {
                messageHeadline: "Change own.txt",
                author: { name: "grace", user: { login: "grace" } },
                committer: { name: "GitHub" },
              },
              {
                messageHeadline: "Somebody's",
                author: { name: "Somebody Else", user: null },
                committer: { name: "Somebody Else" },
              },
            ],
          },
        },
      },
      refs: { nodes: [{ name: "mmsp/work", associatedPullRequests: { nodes: [{ number: 1 }] } }] },
      pullRequests: {
        nodes: [
          {
            number: 1,
            headRefName: "mmsp/work",
            isCrossRepository: false,
            mergeable: "MERGEABLE",
            files: {
              nodes: [
                { path: "own.txt", changeType: "ADDED" },
                { path: "theirs.txt", changeType: "ADDED" },
              ],
            },
          },
        ],
      },
    });
  });

  test("is refused by GitHub's schema for a field, an argument or a type that it does not have", async () => {
    await using forge = await testForge();
    const api = octokit(forge);
    const wrong = [
      inRepository("nameWithOwners"),
      inRepository('ref(name: "main") { id }'),
      inRepository("ref(qualifiedName: 7) { id }"),
      "mutation { createCommitOnBranch(input: { expectedHeadOid: 1 }) { clientMutationId } }",
      "query { repository(",
    ];
    for (const query of wrong) {
      const [error] = await graphqlErrors(api.graphql(query));
      expect(error?.message).toBeString();
      expect(error?.type).toBeUndefined();
    }
    const [unknown] = await graphqlErrors(api.graphql(inRepository("nameWithOwners")));
    expect(unknown?.message).toContain('"nameWithOwners"');
  });

  test("that asks for more than is implemented is 501, names it, and has no effect", async () => {
    await using forge = await testForge();
    const api = octokit(forge);
    const ask = (query: string, variables = {}) =>
      api.graphql(query, variables).then(
        () => "answered",
        (error: { status: number; response: { data: { message: string } } }) =>
          `${error.status} ${error.response.data.message}`,
      );
    expect(await ask(inRepository("stargazerCount"))).toBe(
      "501 The demo forge does not implement Repository.stargazerCount.",
    );
    expect(await ask(inRepository("pullRequests(first: 1) { nodes { reviews(first: 1) { totalCount } } }"))).toContain(
      "PullRequest.reviews",
    );
    expect(
      await ask(
        inRepository(
          'defaultBranchRef { target { ... on Commit { history(first: 1, since: "2026-01-01T00:00:00Z") { totalCount } } } }',
        ),
      ),
    ).toContain('the argument "since" of Commit.history');
    const greedy = COMMIT.replace("commit { oid }", "commit { oid zipballUrl }");
    expect(await ask(greedy, commitInput("main", forge.firstCommit, { "a.txt": "a" }))).toContain("Commit.zipballUrl");
    expect(await runGit(forge.gitDir, ["rev-parse", "main"])).toBe(forge.firstCommit);
  });

  test("must bound its lists, and pages through them", async () => {
    await using forge = await testForge();
    const api = octokit(forge);
    for (let index = 0; index < 3; index += 1) {
      await commitDirectly(forge.gitDir, "main", { [`${index}.txt`]: "x\n" }, `Commit ${index}`);
    }
    const history = (args: string) =>
      inRepository(
        `defaultBranchRef { target { ... on Commit { history${args} { nodes { message } pageInfo { hasNextPage endCursor } } } } }`,
      );
    expect(await graphqlErrors(api.graphql(history("")))).toMatchObject([{ type: "MISSING_PAGINATION_BOUNDARIES" }]);
    expect(await graphqlErrors(api.graphql(history("(first: 101)")))).toMatchObject([{ type: "EXCESSIVE_PAGINATION" }]);

    const messages: string[] = [];
    for (let after: string | null = null, more = true; more;) {
      const args = after === null ? "(first: 3)" : `(first: 3, after: "${after}")`;
      const reply: HistoryReply = await api.graphql(history(args));
      const page = reply.repository.defaultBranchRef.target.history;
      messages.push(...page.nodes.map((node: { message: string }) => node.message));
      [after, more] = [page.pageInfo.endCursor, page.pageInfo.hasNextPage];
    }
    expect(messages).toEqual(["Commit 2", "Commit 1", "Commit 0", "Start"]);
  });

  test("by a token that may only read is forbidden to write", async () => {
    await using forge = await testForge();
    const api = octokit(forge, "reader-token");
    const call = api.graphql(COMMIT, commitInput("main", forge.firstCommit, { "a.txt": "a" }));
    expect(await graphqlErrors(call)).toMatchObject([
      { type: "FORBIDDEN", message: "Resource not accessible by personal access token" },
    ]);
    expect(await api.graphql<object>("query { viewer { login } }")).toEqual({ viewer: { login: "rita" } });
    const elsewhere = api.graphql('query { repository(owner: "acme", name: "other") { id } }');
    expect(await graphqlErrors(elsewhere)).toMatchObject([{ type: "NOT_FOUND", path: ["repository"] }]);
  });
});
