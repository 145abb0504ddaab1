import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { join } from "node:path";
import { rebaseCommits } from "../../../../cli/demo/forge/git/merge.ts";
import { formatTree, parseTree } from "../../../../cli/demo/forge/git/parse.ts";
import { isRefName, readRef, updateRefs } from "../../../../cli/demo/forge/git/refs.ts";
import { openRepository, readCommit, type Repository } from "../../../../cli/demo/forge/git/repository.ts";
import { isTreePath, writeBlob, writeTree, type TreeChange } from "../../../../cli/demo/forge/git/write.ts";
import { commitDirectly, runGit, temporaryDirectory } from "../../../support/git.ts";

async function bareRepository(): Promise<AsyncDisposable & Repository> {
  const directory = await temporaryDirectory();
  const repository = await openRepository(join(directory.path, "bare.git"));
  return {
    ...repository,
    async [Symbol.asyncDispose]() {
      await repository.close();
      await directory[Symbol.asyncDispose]();
    },
  };
}

describe("trees", () => {
  test("come out as git's own index writes them, whatever is added, replaced and removed", async () => {
    await using repository = await bareRepository();
    const { gitDir } = repository;
    const blob = writeBlob(repository, Buffer.from("x"));
    const other = writeBlob(repository, Buffer.from("y"));
    // Names whose order in git differs from that of strings: a folder `a` sorts after `a.b`.
    const name = fc.constantFrom("a", "a.b", "a-b", "b", "é", "z z");
    const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
    const files = fc.uniqueArray(path, { maxLength: 12 }).map((paths) => withoutNesting(paths));

    await fc.assert(
      fc.asyncProperty(
        files,
        files,
        fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
        async (old, added, drop) => {
          const base =
            old.length === 0
              ? null
              : await indexTree(
                  gitDir,
                  old.map((path) => [path, blob]),
                );
          const removed = old.filter((path, index) => drop[index] && clear(path, added));
          const kept = old.filter((path) => !removed.includes(path) && clear(path, added));
          const replaced = old.filter(
            (path) => !kept.includes(path) && !removed.includes(path) && !added.includes(path),
          );
          const changes: TreeChange[] = [
            ...added.map((path) => ({ path, entry: { mode: "100644", oid: other } })),
            ...removed.map((path) => ({ path, entry: null })),
          ];
          const expected = [
            ...kept.map((path) => [path, blob] as const),
            ...added.map((path) => [path, other] as const),
          ];
          // What gives way to a file of a folder's name, or the other way round, is gone without being named.
          expect(replaced.every((path) => !clear(path, added))).toBe(true);
          expect(await writeTree(repository, base, changes)).toBe(await indexTree(gitDir, expected));
        },
      ),
      { numRuns: 60 },
    );
  }, 15_000);

  test("survive being read and written again", () => {
    const oid = "0123456789abcdef0123456789abcdef01234567";
    const entries = [
      { name: "a-b", mode: "100644", oid },
      { name: "a", mode: "40000", oid },
      { name: "a0", mode: "120000", oid },
    ];
    expect(parseTree(formatTree(entries.toReversed()))).toEqual(entries);
  });

  test("take only relative paths without empty, dot or .git segments", () => {
    expect(["a", "a/b.c", ".github/x", "a/.gitignore"].filter((path) => !isTreePath(path))).toEqual([]);
    expect(["", "/a", "a/", "a//b", ".", "a/../b", ".git/x", "a/.GIT"].filter(isTreePath)).toEqual([]);
  });
});

describe("refs", () => {
  test("moved by many at once from one value are moved by one", async () => {
    await using repository = await bareRepository();
    const from = await commitDirectly(repository.gitDir, "main", { "a.txt": "0" }, "0");
    const targets = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        commitDirectly(repository.gitDir, `b${index}`, { "a.txt": `${index}` }, "x"),
      ),
    );
    const name = "refs/heads/main";
    const won = await Promise.all(targets.map((to) => updateRefs(repository, [{ name, to, from }])));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect((await readRef(repository, name))?.oid).toBe(targets[won.indexOf(true)]);
  });

  test("have the names that git accepts", async () => {
    const names = ["refs/heads/a", "refs/heads/a/b.c", "refs/heads/a..b", "refs/heads/.a", "refs/heads/a.lock"];
    const more = [
      "refs/heads/a b",
      "refs/heads/a~1",
      "refs/heads/a@{1}",
      "refs/heads/",
      "refs/heads/a.",
      "refs/heads//a",
    ];
    for (const name of [...names, ...more, "refs/heads/é", "refs/heads/a:b", "refs/heads/a\\b"]) {
      const accepted = await runGit(".", ["check-ref-format", name]).then(
        () => true,
        () => false,
      );
      expect([name, isRefName(name)]).toEqual([name, accepted]);
    }
  });
});

describe("the object reader", () => {
  test("answers many questions asked at once, each with its own object", async () => {
    await using repository = await bareRepository();
    const files = Object.fromEntries(
      Array.from({ length: 50 }, (_, index) => [`${index}.txt`, `${index}\n`.repeat(index * 50)]),
    );
    await commitDirectly(repository.gitDir, "main", files, "Many");
    const asked = Object.keys(files).flatMap((path) => [`main:${path}`, `main:absent-${path}`]);
    const answers = await Promise.all(asked.map((expression) => repository.objects.read(expression)));
    expect(answers.map((object) => object?.bytes.toString())).toEqual(
      Object.values(files).flatMap((text) => [text, undefined]),
    );
    expect(await repository.objects.read("main\nmain")).toBeNull();
    expect(await repository.objects.read("main")).not.toBeNull();
  });
});

test("a rebase stops at the first commit that conflicts and says where", async () => {
  await using repository = await bareRepository();
  const { gitDir } = repository;
  await commitDirectly(gitDir, "main", { "a.txt": "0\n" }, "0");
  await runGit(gitDir, ["branch", "work", "main"]);
  const commits = [];
  for (const [path, text] of [
    ["b.txt", "b\n"],
    ["a.txt", "1\n"],
  ] as const) {
    commits.push(await commitDirectly(gitDir, "work", { [path]: text }, path));
  }
  const onto = await commitDirectly(gitDir, "main", { "a.txt": "2\n" }, "2");
  const committer = { name: "C", email: "c@example.com", date: new Date(0) };
  const own = await Promise.all(commits.map(async (oid) => (await readCommit(repository, oid))!));
  expect(await rebaseCommits(repository, own, onto, committer)).toEqual({ conflicts: ["a.txt"] });
  const rebased = await rebaseCommits(repository, own.slice(0, 1), onto, committer);
  expect(await runGit(gitDir, ["ls-tree", "--name-only", (rebased as { tip: string }).tip])).toBe("a.txt\nb.txt");
});

/** The tree that git's index makes of the files. */
async function indexTree(gitDir: string, files: readonly (readonly [string, string])[]): Promise<string> {
  await using scratch = await temporaryDirectory();
  const env = { GIT_INDEX_FILE: join(scratch.path, "index") };
  const lines = files.map(([path, oid]) => `100644 ${oid}\t${path}\0`).join("");
  await runGit(gitDir, ["update-index", "-z", "--index-info"], { env, stdin: lines });
  // Awaited here: the scratch folder must be there until git is done.
  return await runGit(gitDir, ["write-tree"], { env });
}

/** Whether `path` is neither one of the others nor a folder of, or a file in the way of, one of them. */
function clear(path: string, others: readonly string[]): boolean {
  return others.every((other) => path !== other && !path.startsWith(`${other}/`) && !other.startsWith(`${path}/`));
}

function withoutNesting(paths: readonly string[]): string[] {
  return paths.filter((path) =>
    clear(
      path,
      paths.filter((other) => other !== path && other.length <= path.length),
    ),
  );
}
