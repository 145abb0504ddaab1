import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { HeadMoved, ProtectedBranch, type FileWrite } from "../../../../../cli/gitops/core/ports.ts";
import { runGit } from "../../../../support/git.ts";
import { before, faulty, startHub, type Hub } from "../../hub.ts";

let hub: Hub;
beforeAll(async () => {
  hub = await startHub();
});
afterAll(() => hub[Symbol.asyncDispose]());

/** Every byte value, twice, which is no text in any encoding. */
const binary = Uint8Array.from({ length: 512 }, (_, at) => at % 256);

async function cloned(branch: string, path: string): Promise<Uint8Array> {
  const folder = join(hub.directory, `clone-${crypto.randomUUID()}`);
  await runGit(hub.directory, ["clone", "-q", "--branch", branch, hub.server.cloneUrl, folder]);
  return new Uint8Array(await Bun.file(join(folder, path)).arrayBuffer());
}

const withoutMutation = faulty((call) => call.operation.includes("createCommitOnBranch"), 501);

describe.each([
  ["by createCommitOnBranch", undefined],
  ["by the git data API, where the server lacks that mutation", withoutMutation],
])("a commit %s", (_how, hook) => {
  async function commit(files: readonly FileWrite[], message = "Subject\n\nBody\n\nmmsp-change: x\n") {
    hub.hook = hook;
    const expectedHead = await hub.head("main");
    return hub.client().commit({ branch: "main", expectedHead, files, message });
  }

  test("writes texts, deletes, and keeps its message", async () => {
    const path = `a-${crypto.randomUUID()}/b.yaml`;
    const parent = await hub.push("main", { "doomed.txt": "x" });
    const { oid, url } = await commit([
      { path, content: "x: é\r\n" },
      { path: "doomed.txt", content: null },
    ]);
    expect(await hub.head("main")).toBe(oid);
    expect(url).toContain(oid);
    expect(Buffer.from(await cloned("main", path)).toString()).toBe("x: é\r\n");
    const git = (...args: string[]) => runGit(hub.server.gitDir, args);
    expect(await git("diff", "--name-status", parent, oid)).toBe(`A\t${path}\nD\tdoomed.txt`);
    expect(await git("log", "-1", "--format=%B", oid)).toBe("Subject\n\nBody\n\nmmsp-change: x");
    expect(await git("rev-parse", `${oid}^`)).toBe(parent);
  });

  test("holds a binary file byte for byte, as a clone shows", async () => {
    const path = `store/sha256/${crypto.randomUUID()}.onnx`;
    const content = Uint8Array.from([...binary, ...new TextEncoder().encode(path)]);
    await commit([{ path, content }]);
    expect(await cloned("main", path)).toEqual(content);
  });

  test("on a head that has moved is refused, and nothing is lost", async () => {
    hub.hook = hook;
    const expectedHead = await hub.head("main");
    const theirs = await hub.push("main", { "theirs.txt": crypto.randomUUID() });
    const files = [{ path: "ours.txt", content: "x" }];
    const attempt = hub.client().commit({ branch: "main", expectedHead, files, message: "Ours" });
    expect(await attempt.catch((error: unknown) => error)).toBeInstanceOf(HeadMoved);
    expect(await hub.head("main")).toBe(theirs);
  });
});

describe("a branch that takes pull requests only", () => {
  test.each([
    "Repository rule violations found\n\nChanges must be made through a pull request.\n\n",
    "protected branch 'main' check failed:\n At least 1 approving review is required by reviewers with write access.",
    "You're not authorized to push to this branch. Visit https://docs.github.com/ for more information.",
  ])("is told apart: %s", async (message) => {
    const body = { data: { createCommitOnBranch: null }, errors: [{ type: "UNPROCESSABLE", message }] };
    hub.hook = faulty((call) => call.operation.includes("createCommitOnBranch"), 200, body);
    const request = { branch: "main", expectedHead: hub.start, files: [{ path: "a", content: "b" }], message: "M" };
    const error: unknown = await hub
      .client()
      .commit(request)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProtectedBranch);
    expect((error as ProtectedBranch).branch).toBe("main");
    expect((error as ProtectedBranch).message).toContain("pull requests only");
  });
});

describe("a proposal", () => {
  const files = [{ path: "x.yaml", content: "x: 1\n" }];
  const request = { base: "main", message: "Ours\n\nmmsp-change: x\n", title: "Title", body: "Body" };

  test("with a binary file over an open pull request makes no blob anew that the repository has", async () => {
    hub.hook = undefined;
    const github = hub.client();
    const baseHead = await hub.head("main");
    const artifact = { path: "store/model.onnx", content: binary };
    const branch = "mmsp/dev/fraud/deploy-7";
    const open = { kind: "open", branch, head: null } as const;
    await github.propose({ ...request, placement: open, baseHead, files: [...files, artifact] });

    const snapshot = await github.read({
      models: ["fraud"],
      environments: ["dev"],
      proposals: { branches: [branch], searches: [], all: false },
    });
    const [state] = snapshot.branches;
    if (!state?.pullRequest) throw new Error("no pull request");
    const placement = { kind: "replace", branch, state: { ...state, pullRequest: state.pullRequest } } as const;
    const from = hub.server.calls.length;
    const changed = [{ path: "x.yaml", content: "x: 2\n" }, artifact];
    await github.propose({ ...request, placement, baseHead: snapshot.head, files: changed });
    expect(hub.operations(from)).toEqual([
      "POST /repos/{owner}/{repo}/git/trees",
      "POST /repos/{owner}/{repo}/git/commits",
      "graphql updateRefs",
    ]);
    expect(await cloned(branch, "store/model.onnx")).toEqual(binary);
    expect(await hub.show(branch, "x.yaml")).toBe("x: 2");
  });

  test("that finds its branch taken meanwhile is refused", async () => {
    const branch = "mmsp/dev/fraud/deploy-8";
    before(hub, 0, () => hub.push(branch, { "theirs.txt": "x" }));
    const placement = { kind: "open", branch, head: null } as const;
    const proposal = hub.client().propose({ ...request, placement, baseHead: await hub.head("main"), files });
    expect(await proposal.catch((error: unknown) => error)).toBeInstanceOf(HeadMoved);
    expect(await hub.show(branch, "theirs.txt")).toBe("x");
  });

  test("that would set back a branch somebody has just pushed to is refused", async () => {
    const branch = "mmsp/dev/fraud/deploy-9";
    const head = await hub.push(branch, { "ours.txt": "x" });
    const theirs = await hub.push(branch, { "theirs.txt": "x" });
    hub.hook = undefined;
    const placement = { kind: "open", branch, head } as const;
    const proposal = hub.client().propose({ ...request, placement, baseHead: await hub.head("main"), files });
    expect(await proposal.catch((error: unknown) => error)).toBeInstanceOf(HeadMoved);
    expect(await hub.head(branch)).toBe(theirs);
  });
});

test("a comment is made once, also when its answer gets lost", async () => {
  await hub.push("people", { "p.txt": "x" });
  hub.hook = undefined;
  const { number } = (await hub.api("POST", "/pulls", { head: "people", base: "main", title: "T" })) as {
    number: number;
  };
  await hub.client().comment(number, "Look at this.");
  hub.hook = faulty((call) => call.operation.includes("comments"), 502);
  const from = hub.server.calls.length;
  const error: unknown = await hub
    .client()
    .comment(number, "Again.")
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: "OutsideError", retryable: true });
  expect(hub.operations(from)).toHaveLength(1);
  hub.hook = undefined;
  const comments = (await hub.api("GET", `/issues/${number}/comments`)) as { body: string }[];
  expect(comments.map(({ body }) => body)).toEqual(["Look at this."]);
});
