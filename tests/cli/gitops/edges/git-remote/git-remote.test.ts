import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import type { RegisterCommand } from "../../../../../cli/gitops/core/change.ts";
import { HeadMoved, ProtectedBranch } from "../../../../../cli/gitops/core/ports.ts";
import { ProblemError } from "../../../../../schemas/problem.ts";
import { paths } from "../../../../../schemas/tree.ts";
import { runGit } from "../../../../support/git.ts";
import { register as aRegistration, rollback as aRollback } from "../../../../support/builders.ts";
import { sampleFiles } from "../../documents.ts";
import { branch, deploy, document } from "../../publisher.ts";
import { modelBytes, pushed, startRemote, type Remote } from "./remote.ts";

setDefaultTimeout(60_000);

let remote: Remote;
beforeEach(async () => {
  remote = await startRemote();
});
afterEach(() => remote[Symbol.asyncDispose]());

const rollback = aRollback({ environment: "dev" });
const subjects = async (name: string) => (await remote.git("log", "--format=%s", `main..${name}`)).split("\n");

describe("a proposal on a remote that only speaks git", () => {
  test("is a branch with one commit on the base, and says what to open", async () => {
    const { pushed: proposed, change } = await pushed(remote.propose(deploy));
    expect(proposed).toMatchObject({ branch, base: "main", action: "pushed", remote: remote.address, url: null });
    expect(proposed.title).toBe(change.title);
    expect(proposed.body).toContain("### Traffic");
    expect(await subjects(branch)).toEqual(["Deploy fraud 3 to dev at 10 %"]);
    expect(await remote.git("rev-parse", `${branch}^`)).toBe(remote.start);
    expect(await remote.git("log", "-1", "--format=%an <%ae> %cn", branch)).toBe("Grace <grace@example.com> Grace");
    expect(await remote.git("show", `${branch}:${document}`)).toContain("# what people write stays");
    expect((await remote.git("diff", "--name-only", "main", branch)).split("\n")).toEqual([
      document,
      paths.deploymentKustomization("dev", "fraud"),
    ]);
  });

  test("that is pushed already, with nothing new, is left as it is", async () => {
    await pushed(remote.propose(deploy));
    const head = await remote.git("rev-parse", branch);
    expect((await pushed(remote.propose(deploy))).pushed.action).toBe("unchanged");
    expect(await remote.git("rev-parse", branch)).toBe(head);
  });

  test("with another weight takes the place of our commit, on the base as it is now", async () => {
    await pushed(remote.propose(deploy));
    const base = await remote.push("main", { "other.txt": "x" });
    expect((await pushed(remote.propose({ ...deploy, weight: 25 }))).pushed.action).toBe("updated");
    expect(await subjects(branch)).toEqual(["Deploy fraud 3 to dev at 25 %"]);
    expect(await remote.git("rev-parse", `${branch}^`)).toBe(base);
  });

  test("is added to where others have committed", async () => {
    await pushed(remote.propose(deploy));
    const text = (await remote.git("show", `${branch}:${document}`)).replace("# what people write stays", "# ours");
    const theirs = await remote.push(branch, { [document]: `${text}\n` });
    expect((await pushed(remote.propose({ ...deploy, weight: 50 }))).pushed).toMatchObject({
      branch,
      action: "updated",
    });
    expect(await remote.git("rev-parse", `${branch}^`)).toBe(theirs);
    expect(await remote.git("show", `${branch}:${document}`)).toContain("# ours");
  });

  test("starts over on a branch that was merged and left behind, however long ago", async () => {
    await pushed(remote.propose(deploy));
    await remote.git("update-ref", "refs/heads/main", branch);
    await remote.git("update-ref", "refs/heads/main", await remote.push("main", { [document]: null }, "Taken out"));
    await remote.age(60);
    await remote.push("main", { [document]: sampleFiles()[document] ?? "" });
    const again = await pushed(remote.propose({ ...deploy, weight: 20 }));
    expect(again.pushed).toMatchObject({ branch, action: "pushed" });
    expect(await subjects(branch)).toEqual(["Deploy fraud 3 to dev at 20 %"]);
  });

  test("finds its own branch again though the base has gone on for long, or for very long", async () => {
    await pushed(remote.propose(deploy));
    await remote.age(60);
    const again = await pushed(remote.propose({ ...deploy, weight: 20 }));
    expect(again.pushed).toMatchObject({ branch, action: "updated" });
    expect(await subjects(branch)).toEqual(["Deploy fraud 3 to dev at 20 %"]);
    await remote.age(700);
    expect((await pushed(remote.propose({ ...deploy, weight: 30 }))).pushed).toMatchObject({
      branch,
      action: "updated",
    });
    expect(await subjects(branch)).toEqual(["Deploy fraud 3 to dev at 30 %"]);
  });

  test("of a registration carries the file byte for byte; its number is taken, and a deploy goes onto its branch", async () => {
    const register: RegisterCommand = aRegistration({
      artifact: { file: "m.onnx", sha256: "ab".repeat(32), sizeBytes: modelBytes.length },
    });
    const first = await pushed(remote.propose(register));
    expect(first.change.version).toBe(4);
    const key = `examples/store/sha256/${"ab".repeat(32)}/m.onnx`;
    const file = Bun.spawn(["git", "-C", remote.gitDir, "cat-file", "blob", `${first.pushed.branch}:${key}`]);
    expect(await file.stdout.bytes()).toEqual(modelBytes);
    const other = { ...register, artifact: { ...register.artifact, sha256: "cd".repeat(32) } };
    expect((await pushed(remote.propose(other))).change.version).toBe(5);
    expect((await pushed(remote.propose(register))).pushed.action).toBe("unchanged");

    const onto = await pushed(remote.propose({ ...deploy, version: 4, allowSignatureChange: true }));
    expect(onto.pushed).toMatchObject({ branch: first.pushed.branch, action: "updated" });
    expect(onto.pushed.title).toBe("Register fraud 4 and deploy it to dev");
    expect(onto.notices).toContain("goes onto the branch that registers version 4: one merge does both");
    expect(await subjects(first.pushed.branch)).toEqual(["Deploy fraud 4 to dev at 10 %", "Register fraud 4"]);
  });
});

describe("a commit to the base branch", () => {
  test("is one commit on the head, without a proposal", async () => {
    const result = await remote.commit(rollback);
    const head = await remote.git("rev-parse", "main");
    expect(result).toMatchObject({ kind: "committed", oid: head, url: remote.address });
    expect(await remote.git("rev-parse", "main^")).toBe(remote.start);
    expect(await remote.git("log", "-1", "--format=%(trailers)", "main")).toContain("mmsp-rollback: dev/fraud/2/5");
  });

  test("that was planned on a head that has moved is refused, and planned anew when it is published", async () => {
    const forge = remote.forge();
    const theirs = await remote.push("main", { "theirs.txt": "x" });
    const request = { branch: "main", expectedHead: remote.start, files: [], message: "Late\n" };
    const error = await forge.commit(request).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(HeadMoved);

    let moved = "";
    const racing = {
      ...forge,
      commit: async (...args: Parameters<typeof forge.commit>) => {
        if (moved === "") moved = await remote.push("main", { "more.txt": "x" });
        return forge.commit(...args);
      },
    };
    expect(await remote.commit(rollback, { forge: racing })).toMatchObject({ kind: "committed" });
    expect((await remote.git("rev-list", "main")).split("\n")).toEqual(expect.arrayContaining([theirs, moved]));
  });

  test("keeps the mode of a file, deletes, and writes bytes", async () => {
    await remote.git("config", "core.fileMode", "true");
    const forge = remote.forge();
    const blob = await runGit(remote.gitDir, ["hash-object", "-w", "--stdin"], { stdin: "a" });
    const tree = await runGit(remote.gitDir, ["mktree"], {
      stdin: `100755 blob ${blob}\trun.sh\n100644 blob ${blob}\told.txt\n`,
    });
    const parent = await runGit(remote.gitDir, ["commit-tree", tree, "-p", "main", "-m", "Tools"]);
    await remote.git("update-ref", "refs/heads/main", parent);
    const files = [
      { path: "run.sh", content: "b" },
      { path: "old.txt", content: null },
      { path: "a folder/ü.bin", content: Uint8Array.of(0, 10, 13, 255) },
    ];
    const message = "Change things\n\nwhy: because\n";
    const { oid } = await forge.commit({ branch: "main", expectedHead: parent, files, message });
    const listing = await remote.git("-c", "core.quotePath=false", "ls-tree", "-r", oid);
    expect(listing.replaceAll(/ [0-9a-f]{40}\t/g, " ")).toBe("100644 blob a folder/ü.bin\n100755 blob run.sh");
    expect(await remote.git("log", "-1", "--format=%B", oid)).toBe(message.trim());
  });

  test("that a hook turns down is told with the server's words, and nothing changes", async () => {
    remote.hook('echo "main is for reviewers: token=s3cret" >&2; exit 1');
    const forge = remote.forge({ secrets: ["s3cret"] });
    const error = await remote.commit(rollback, { forge }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProtectedBranch);
    expect(String(error)).toContain(
      'the branch "main" is protected: the server says: main is for reviewers: token=***',
    );
    expect(await remote.git("rev-parse", "main")).toBe(remote.start);
    const refused = await remote.propose(deploy).catch((thrown: unknown) => thrown);
    expect(refused).toBeInstanceOf(ProblemError);
    expect(String(refused)).toContain("main is for reviewers");
  });

  test("to a repository with a working tree says what to push to", async () => {
    const place = join(remote.folder, "work");
    await runGit(remote.folder, ["clone", "--quiet", remote.gitDir, place]);
    const forge = remote.forge({ address: `file://${place}` });
    const error = await remote.commit(rollback, { forge }).catch((thrown: unknown) => thrown);
    expect(String(error)).toContain("main is checked out in the repository");
    expect(String(error)).toContain("hint: push to a bare repository");
  });
});

test("over ssh, by the address that people copy, and with the ssh command that they have set", async () => {
  const ssh = join(remote.folder, "own-ssh");
  // What the other side's sshd does: it runs the last argument.
  await Bun.write(ssh, '#!/bin/sh\necho "$@" >> "$0.args"\nfor last; do :; done\nexec sh -c "$last"\n');
  await Bun.spawn(["chmod", "755", ssh]).exited;
  const { PATH = "" } = process.env;
  const env = { PATH, HOME: remote.folder, GIT_SSH_COMMAND: ssh };
  const forge = remote.forge({ address: `grace@host.example:${remote.gitDir}`, env });
  expect(await remote.commit(rollback, { forge })).toMatchObject({ kind: "committed" });
  expect(await remote.git("log", "--format=%s", "main")).toStartWith("Roll back fraud 2 in dev");
  expect(await Bun.file(`${ssh}.args`).text()).toMatch(/grace@host\.example git-receive-pack/);
});

describe("what stands in the way", () => {
  const reading = (options: Parameters<Remote["forge"]>[0]) =>
    remote
      .forge(options)
      .read({ models: ["fraud"], environments: ["dev"] })
      .catch((thrown: unknown) => thrown);

  test("no such repository, no such branch, nobody there: told with what to do", async () => {
    expect(String(await reading({ address: "file:///nowhere/models.git" }))).toMatch(
      /reading file:\/\/\/nowhere\/models.git: .*does not appear to be a git repository\n {2}hint: check the address/,
    );
    expect(String(await reading({ baseBranch: "trunk" }))).toMatch(/has no branch "trunk"\n {2}hint: it has main: see/);
    expect(await reading({ address: "http://127.0.0.1:1/models.git" })).toMatchObject({
      name: "OutsideError",
      retryable: true,
    });
    const env = { PATH: "/nonexistent" };
    expect(String(await reading({ env, cacheFolder: join(remote.folder, "other") }))).toContain(
      "git cannot be started",
    );
  });

  test("an empty repository", async () => {
    const empty = join(remote.folder, "empty.git");
    await runGit(remote.folder, ["init", "--quiet", "--bare", empty]);
    expect(String(await reading({ address: `file://${empty}` }))).toContain("push a first commit");
  });

  test("ssh that may not ask and knows no such host", async () => {
    const ssh = join(remote.folder, "ssh");
    await Bun.write(ssh, '#!/bin/sh\necho "$@" >> "$0.args"\necho "Host key verification failed." >&2\nexit 255\n');
    await runGit(remote.folder, ["init", "--quiet"]);
    await Bun.spawn(["chmod", "755", ssh]).exited;
    const { PATH = "" } = process.env;
    const env = { PATH: `${remote.folder}:${PATH}`, HOME: remote.folder };
    const error = await reading({ address: "git@host.example:models.git", env });
    expect(String(error)).toMatch(/Host key verification failed\.?\n {2}hint: connect once by hand/);
    expect(await Bun.file(`${ssh}.args`).text()).toContain("-oBatchMode=yes");
  });

  test("a server that never answers is given up", async () => {
    using silent = Bun.serve({ port: 0, idleTimeout: 0, fetch: () => new Promise<Response>(() => {}) });
    const address = `http://127.0.0.1:${silent.port}/models.git`;
    expect(await reading({ address, timeoutMs: 300 })).toMatchObject({
      name: "OutsideError",
      message: `reading ${address}: no answer in time`,
      retryable: true,
    });
    void silent.stop(true);
  });

  test("documents that are no text, too large, or links are told or left out, and the rest is read", async () => {
    const blob = await runGit(remote.gitDir, ["hash-object", "-w", "--stdin"], { stdin: new Uint8Array([0, 255]) });
    const info = `100644 ${blob}\t${document}\n120000 ${blob}\t${paths.environment("prod")}\n`;
    const env = { GIT_INDEX_FILE: join(remote.folder, "index") };
    await runGit(remote.gitDir, ["read-tree", "main"], { env });
    await runGit(remote.gitDir, ["update-index", "--index-info"], { env, stdin: info });
    const tree = await runGit(remote.gitDir, ["write-tree"], { env });
    const commit = await runGit(remote.gitDir, ["commit-tree", tree, "-p", "main", "-m", "Odd"]);
    await remote.git("update-ref", "refs/heads/main", commit);
    const snapshot = await remote.forge().read({ models: ["fraud"], environments: ["dev", "prod"] });
    expect(snapshot.unreadable).toMatchObject([{ code: "document-not-text", file: document }]);
    expect(snapshot.files.has(paths.environment("prod"))).toBe(false);
    expect(snapshot.environmentNames).toEqual(["dev"]);
    expect(snapshot.files.get(paths.environment("dev"))).toBe(sampleFiles()[paths.environment("dev")] ?? "");
  });
});

test("a read brings what its scope asks for, and no more", async () => {
  const forge = remote.forge();
  const read = async (...args: Parameters<typeof forge.read>) => [...(await forge.read(...args)).files.keys()];
  const one = await read({ models: ["fraud"], environments: ["dev"] });
  expect(one).toContain(paths.version("fraud", 3));
  expect(one.filter((path) => path.includes("fraud-eu") || path.includes("prod"))).toEqual([]);
  const deployments = await read({ models: [], environments: ["dev"], deploymentsOf: ["dev"] });
  expect(deployments.toSorted()).toEqual(
    [
      paths.project,
      paths.environment("dev"),
      ...["fraud", "fraud-eu"].flatMap((model) => [
        paths.deployment("dev", model),
        paths.deploymentKustomization("dev", model),
      ]),
    ].toSorted(),
  );
  const documents = Object.keys(sampleFiles()).filter((path) => !/README|platform/.test(path));
  expect((await read({ models: null, environments: [] })).toSorted()).toEqual(documents.toSorted());
});
