import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ProblemError } from "../../../../../schemas/problem.ts";
import { isDocument, paths } from "../../../../../schemas/tree.ts";
import { runGit } from "../../../../support/git.ts";
import { sampleFiles } from "../../documents.ts";
import { startHub, type Hub } from "../../hub.ts";

const scope = { models: ["fraud"], environments: ["dev"] } as const;
let hub: Hub;
beforeAll(async () => {
  hub = await startHub();
});
afterAll(() => hub[Symbol.asyncDispose]());

describe("reading a model", () => {
  test("takes one call and brings the head, the texts byte for byte and all names", async () => {
    const from = hub.server.calls.length;
    const snapshot = await hub.client().read(scope);
    expect(hub.operations(from)).toEqual(["graphql repository"]);
    const files = sampleFiles();
    const expected = Object.keys(files).filter(
      (path) =>
        [paths.project, paths.environment("dev")].includes(path) ||
        path.startsWith("environments/dev/models/fraud/") ||
        path.startsWith("environments/registry/fraud/"),
    );
    expect([...snapshot.files.keys()].toSorted()).toEqual(expected.toSorted());
    for (const path of expected) expect(snapshot.files.get(path)).toBe(files[path]);
    expect(snapshot.head).toBe(await hub.head("main"));
    expect(snapshot.environmentNames).toEqual(["dev", "prod"]);
    expect(snapshot.modelNames).toEqual(["fraud", "fraud-eu"]);
    expect(snapshot.branches).toEqual([]);
  });

  test("leaves out what is not there, so that planning can say so", async () => {
    const snapshot = await hub.client().read({ models: ["nobody"], environments: ["dev", "nowhere"] });
    expect([...snapshot.files.keys()].toSorted()).toEqual([paths.environment("dev"), paths.project]);
  });

  test("keeps CRLF, tabs and text without a newline at the end", async () => {
    const text = "# \ttabs \r\napiVersion: é\r\nend";
    const path = paths.deployment("dev", "fraud");
    await hub.push("odd", { [path]: text });
    expect((await hub.client().read(scope, "odd")).files.get(path)).toBe(text);
  });

  test("tells of a document that GitHub cuts, as an edit would destroy the rest, and brings the others", async () => {
    const file = paths.deployment("dev", "fraud");
    await hub.push("long", { [file]: "# long\n".repeat(100_000) });
    const { files, unreadable } = await hub.client().read(scope, "long");
    expect(unreadable).toMatchObject([{ code: "document-too-large", file }]);
    expect(files.has(file)).toBe(false);
    expect(files.has(paths.environment("dev"))).toBe(true);
  });

  test("tells of a document that is not UTF-8", async () => {
    const path = paths.deployment("dev", "fraud");
    const bytes = Buffer.from("# caf\xe9\n", "latin1");
    const child = Bun.spawn(["git", "hash-object", "-w", "--stdin"], { cwd: hub.server.gitDir, stdin: bytes });
    const blob = (await new Response(child.stdout).text()).trim();
    await hub.push("latin", { "other.txt": "x" });
    const tree = await runGit(hub.server.gitDir, ["ls-tree", "-r", "latin"]);
    const env = { GIT_INDEX_FILE: `${hub.directory}/latin-index` };
    const lines = tree.split("\n").map((line) => (line.endsWith(path) ? `100644 blob ${blob}\t${path}` : line));
    await runGit(hub.server.gitDir, ["update-index", "--index-info"], { env, stdin: `${lines.join("\n")}\n` });
    const written = await runGit(hub.server.gitDir, ["write-tree"], { env });
    const commit = await runGit(hub.server.gitDir, ["commit-tree", written, "-m", "Latin"]);
    await runGit(hub.server.gitDir, ["update-ref", "refs/heads/latin", commit]);
    const { unreadable } = await hub.client().read(scope, "latin");
    expect(unreadable).toMatchObject([{ code: "document-not-text", file: path }]);
  });

  test("brings the branches that are asked for, by name or by a part of it, with what the base lacks of each", async () => {
    const ours = await hub.push("mmsp/dev/fraud/deploy-3", { "a.txt": "1" }, "Ours\n\nmmsp-change: x");
    await hub.push("mmsp/dev/fraud-eu/deploy-3", { "a.txt": "1" });
    await hub.push("mmsp/registry/fraud/4-01234567", { "b.txt": "1" });
    await hub.push("fix", { "b.txt": "1" });
    for (const head of ["mmsp/registry/fraud/4-01234567", "fix"]) {
      await hub.api("POST", "/pulls", { head, base: "main", title: "T", body: "B" });
    }
    const searches = [{ folder: "mmsp/registry/fraud/", text: "4-" }];
    const proposals = {
      branches: ["mmsp/dev/fraud/deploy-3", "mmsp/dev/fraud/deploy-3-2"],
      searches,
      all: false,
    };
    const from = hub.server.calls.length;
    const read = await hub.client().read({ ...scope, proposals });
    expect(hub.operations(from)).toEqual(["graphql repository"]);
    expect(read.branches.map(({ name }) => name)).toEqual([
      "mmsp/dev/fraud/deploy-3",
      "mmsp/registry/fraud/4-01234567",
    ]);
    const [deploy, register] = read.branches;
    expect(deploy).toMatchObject({ head: ours, pullRequest: null, commits: [{ oid: ours, parents: 1 }] });
    expect(deploy?.commits?.[0]?.rewritten).toBe(false);
    expect(register?.pullRequest).toMatchObject({ title: "T", body: "B" });
    expect(read.proposals.map(({ branch }) => branch)).toEqual(["mmsp/registry/fraud/4-01234567"]);
    expect(read.openPulls.map(({ branch }) => branch)).toEqual(["fix", "mmsp/registry/fraud/4-01234567"]);
    expect(await hub.client().changedFiles([1, 2])).toEqual(
      new Map([
        [1, ["b.txt"]],
        [2, ["b.txt"]],
      ]),
    );
  });

  test("reads further pages of a search, and of all open pull requests, where there are more than a hundred", async () => {
    await using crowded = await startHub();
    const refs = Array.from({ length: 120 }, (_, at) => `create refs/heads/mmsp/dev/fraud/rollback-${at + 1} main`);
    await runGit(crowded.server.gitDir, ["update-ref", "--stdin"], { stdin: `${refs.join("\n")}\n` });
    const searches = [{ folder: "mmsp/dev/fraud/", text: "rollback-" }];
    const asked = { branches: [], searches, all: false };
    expect((await crowded.client().read({ ...scope, proposals: asked })).branches).toHaveLength(120);
    const work = await crowded.push("work-1", { "a.txt": "1" });
    const heads = Array.from({ length: 101 }, (_, at) => `work-${at + 1}`);
    const stdin = heads.map((head) => `update refs/heads/${head} ${work}\n`).join("");
    await runGit(crowded.server.gitDir, ["update-ref", "--stdin"], { stdin });
    for (const head of heads) await crowded.api("POST", "/pulls", { head, base: "main", title: "T" });
    const numbersOf = async (all: boolean) => {
      const proposals = { branches: [], searches: [], all };
      return (await crowded.client().read({ ...scope, proposals })).openPulls.map(({ number }) => number);
    };
    expect(await numbersOf(false)).toEqual(Array.from({ length: 100 }, (_, at) => 101 - at));
    expect(await numbersOf(true)).toEqual(Array.from({ length: 101 }, (_, at) => 101 - at));
  }, 30_000);
});

describe("reading everything", () => {
  test("brings every document of every model, and nothing else", async () => {
    const snapshot = await hub.client().read({ models: null, environments: [] });
    const documents = Object.entries(sampleFiles()).filter(([path]) => isDocument(path));
    expect(Object.fromEntries(snapshot.files)).toEqual(Object.fromEntries(documents));
  });

  test("takes a call for a hundred texts, not one for each", async () => {
    const models = Array.from({ length: 60 }, (_, at) => `model-${at}`);
    await using big = await startHub(sampleFiles(models));
    const snapshot = await big.client().read({ models: null, environments: [] });
    expect(snapshot.files.size).toBe(3 + 60 * 8);
    expect(big.server.calls.length).toBeLessThanOrEqual(2 + 5);
  });

  test("of a repository without documents is empty", async () => {
    await using bare = await startHub({ "README.md": "# new\n" });
    const snapshot = await bare.client().read({ models: null, environments: [] });
    expect(snapshot.files.size).toBe(0);
    expect(snapshot.modelNames).toEqual([]);
  });
});

describe("what cannot be read", () => {
  test("a branch that is not there is told with the default branch", async () => {
    const error: unknown = await hub
      .client({ baseBranch: "master" })
      .read(scope)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProblemError);
    expect(String(error)).toContain('acme/models has no branch "master"');
    expect(String(error)).toContain('its default branch is "main"');
  });

  test("a repository that is not there, or hidden, is told with the permission", async () => {
    const error: unknown = await hub
      .client({ repository: "acme/other" })
      .read(scope)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProblemError);
    expect(String(error)).toContain("acme/other");
    expect(String(error)).toContain("Contents: read");
  });
});
