import { describe, expect, test } from "bun:test";
import { commitDirectly, runGit } from "../../../support/git.ts";
import { COMMIT, commitInput, graphqlErrors, octokit, testForge, type CommitPayload } from "./forge-fixture.ts";

describe("createCommitOnBranch", () => {
  test("commits additions, changes and deletions at once, as the caller and by GitHub", async () => {
    await using forge = await testForge();
    const files = { "a/b/new.txt": "new\n", "base.txt": "changed\n", "models/fraud.yaml": null };
    const reply = await octokit(forge).graphql<CommitPayload>(COMMIT, commitInput("main", forge.firstCommit, files));

    const { oid } = reply.createCommitOnBranch.commit;
    expect(reply.createCommitOnBranch.ref).toEqual({ name: "main", target: { oid } });
    expect(await runGit(forge.gitDir, ["diff", "--name-status", "main~", "main"])).toBe(
      "A\ta/b/new.txt\nM\tbase.txt\nD\tmodels/fraud.yaml",
    );
    expect(await runGit(forge.gitDir, ["log", "-1", "--format=%H %P %an %cn %b", "main"])).toBe(
      `${oid} ${forge.firstCommit} ada GitHub Because.`,
    );
    expect(await runGit(forge.gitDir, ["ls-tree", "--name-only", "main"])).toBe("a\nbase.txt");
  });

  test("on a head that has moved is refused as stale, and changes nothing", async () => {
    await using forge = await testForge();
    const moved = await commitDirectly(forge.gitDir, "main", { "other.txt": "x\n" }, "Meanwhile");
    const call = octokit(forge).graphql(COMMIT, commitInput("main", forge.firstCommit, { "a.txt": "a\n" }));
    expect(await graphqlErrors(call)).toMatchObject([
      {
        type: "STALE_DATA",
        path: ["createCommitOnBranch"],
        message: `Expected branch to point to "${forge.firstCommit}" but it did not.  Pull and try again.`,
      },
    ]);
    expect(await runGit(forge.gitDir, ["rev-parse", "main"])).toBe(moved);
  });

  test("sent twenty times at once with one expected head succeeds once", async () => {
    await using forge = await testForge();
    const api = octokit(forge, "app-token");
    const calls = Array.from({ length: 20 }, (_, index) =>
      api.graphql<CommitPayload>(COMMIT, commitInput("main", forge.firstCommit, { [`${index}.txt`]: "x\n" })),
    );
    const results = await Promise.allSettled(calls);
    const won = results.filter((result) => result.status === "fulfilled");
    const types = results.flatMap((result) => (result.status === "rejected" ? [result.reason.errors[0].type] : []));
    expect(won).toHaveLength(1);
    expect(types).toEqual(Array.from({ length: 19 }, () => "STALE_DATA"));
    expect(await runGit(forge.gitDir, ["rev-list", "--count", "main"])).toBe("2");
    expect(await runGit(forge.gitDir, ["rev-parse", "main"])).toBe(won[0]!.value.createCommitOnBranch.commit.oid);
  });

  test("loses no commit to writers that go past the API, nor they theirs", async () => {
    await using forge = await testForge();
    const api = octokit(forge);
    const head = () => runGit(forge.gitDir, ["rev-parse", "main"]);
    const byCall = async (path: string) => api.graphql(COMMIT, commitInput("main", await head(), { [path]: "x\n" }));
    const byGit = (path: string) => commitDirectly(forge.gitDir, "main", { [path]: "x\n" }, path);
    const untilDone = async (write: (path: string) => Promise<unknown>, path: string): Promise<void> => {
      for (let done = false; !done;) {
        done = await write(path).then(
          () => true,
          (error: Error) => {
            expect(error.message).toMatch(/Pull and try again|cannot lock ref/);
            return false;
          },
        );
      }
    };
    const writers = ["c1", "c2", "g1", "g2"].map(async (name) => {
      const write = name.startsWith("c") ? byCall : byGit;
      for (const round of ["a", "b", "c"]) await untilDone(write, `${name}-${round}.txt`);
    });
    await Promise.all(writers);
    expect(await runGit(forge.gitDir, ["rev-list", "--count", "main"])).toBe("13");
    const files = await runGit(forge.gitDir, ["ls-tree", "--name-only", "main"]);
    expect(files.split("\n").filter((name) => /^[cg]\d-/.test(name))).toHaveLength(12);
  });

  test("refuses paths that git cannot hold, files that are not there, and branches that are not there", async () => {
    await using forge = await testForge();
    const commit = (branch: string, files: Record<string, string | null>) =>
      graphqlErrors(octokit(forge).graphql(COMMIT, commitInput(branch, forge.firstCommit, files)));
    for (const path of ["../x", "/x", "a//b", ".git/config", "a/./b", "a/"]) {
      expect(await commit("main", { [path]: "x" })).toMatchObject([{ type: "UNPROCESSABLE" }]);
    }
    expect(await commit("main", { "absent.txt": null })).toMatchObject([{ type: "UNPROCESSABLE" }]);
    expect(await commit("main", { models: null })).toMatchObject([{ type: "UNPROCESSABLE" }]);
    expect(await commit("main", { a: "file", "a/b": "folder" })).toMatchObject([{ type: "UNPROCESSABLE" }]);
    expect(await commit("absent", { "a.txt": "a" })).toMatchObject([{ type: "NOT_FOUND" }]);
    expect(await runGit(forge.gitDir, ["rev-parse", "main"])).toBe(forge.firstCommit);
  });
});
