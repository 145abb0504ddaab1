import { afterEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gitSource, type GitSourceOptions } from "../../../../gateway/edges/source/git-branch.ts";
import { parseRemote } from "../../../../gateway/edges/source/remote.ts";
import { ProblemError } from "../../../../schemas/problem.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function git(cwd: string, ...args: string[]): Promise<string> {
  const identity = {
    GIT_AUTHOR_NAME: "t",
    GIT_AUTHOR_EMAIL: "t@t",
    GIT_COMMITTER_NAME: "t",
    GIT_COMMITTER_EMAIL: "t@t",
  };
  const child = Bun.spawn(["git", ...args], {
    cwd,
    env: { ...process.env, ...identity },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  if ((await child.exited) !== 0) throw new Error(err);
  return out.trim();
}

/** A bare remote and a working tree that pushes to it. */
async function repository() {
  const folder = await mkdtemp(join(tmpdir(), "mmsp-git-"));
  closers.push(() => rm(folder, { recursive: true }));
  const [remote, tree] = [join(folder, "remote.git"), join(folder, "tree")];
  await git(folder, "init", "--quiet", "--bare", "--initial-branch=main", remote);
  await git(folder, "init", "--quiet", "--initial-branch=main", tree);
  return {
    folder,
    remote,
    tree,
    async push(files: Readonly<Record<string, string | Uint8Array>>, ...options: string[]): Promise<string> {
      for (const [path, content] of Object.entries(files)) {
        await mkdir(dirname(join(tree, path)), { recursive: true });
        await writeFile(join(tree, path), content);
      }
      await git(tree, "add", "--all");
      await git(tree, "commit", "--quiet", "--message", "change", ...options);
      await git(tree, "push", "--quiet", "--force", remote, "HEAD:main");
      return git(tree, "rev-parse", "HEAD");
    },
  };
}

type Repository = Awaited<ReturnType<typeof repository>>;

function sourceOf(at: Repository, options: Partial<GitSourceOptions> = {}) {
  return gitSource({ url: at.remote, branch: "main", cacheDir: join(at.folder, "cache"), pollMs: 20, ...options });
}

async function problemOf(promise: Promise<unknown>): Promise<ProblemError["problems"][number]> {
  const error: unknown = await promise.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ProblemError);
  return (error as ProblemError).problems[0]!;
}

const document = { "environments/mmsp.yaml": "a: ä\n" };

test("reads documents and artifacts of one commit, also after the branch has moved on", async () => {
  const at = await repository();
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i % 256);
  const commit = await at.push({ ...document, "store/model": bytes, "README.md": "no", "environments/empty.yaml": "" });
  const source = sourceOf(at);
  const state = await source.read();
  expect(state.revision).toBe(commit);
  expect(Object.fromEntries(state.files)).toEqual({ ...document, "environments/empty.yaml": "" });

  const next = await at.push({ "environments/mmsp.yaml": "a: 2\n", "store/model": "other" });
  expect((await source.read()).revision).toBe(next);
  expect(await state.readFile("store/model")).toEqual(bytes);
  expect((await problemOf(state.readFile("store/none"))).code).toBe("artifact-missing");
  expect((await problemOf(state.readFile("../x"))).code).toBe("path-outside");
});

test("follows a branch that is rewritten", async () => {
  const at = await repository();
  await at.push(document);
  const source = sourceOf(at);
  await source.read();
  const rewritten = await at.push({ "environments/mmsp.yaml": "a: 3\n" }, "--amend");
  expect((await source.read()).revision).toBe(rewritten);
});

test("tells that the branch moved, that the remote went away, and that it came back", async () => {
  const at = await repository();
  await at.push(document);
  const source = sourceOf(at);
  await source.read();
  let told = Promise.withResolvers<void>();
  closers.push(source.watch(() => told.resolve()));
  const nextTold = async (): Promise<void> => {
    await told.promise;
    told = Promise.withResolvers<void>();
  };

  const commit = await at.push({ "environments/mmsp.yaml": "a: 4\n" });
  await nextTold();
  expect((await source.read()).revision).toBe(commit);

  await rename(at.remote, `${at.remote}.away`);
  await nextTold();
  expect((await problemOf(source.read())).code).toBe("git-failed");

  await rename(`${at.remote}.away`, at.remote);
  await nextTold();
  expect((await source.read()).revision).toBe(commit);
});

test("starts from its cache when the remote is away, and says so from then on", async () => {
  const at = await repository();
  const commit = await at.push(document);
  await sourceOf(at).read();
  await rename(at.remote, `${at.remote}.away`);
  const source = sourceOf(at);
  expect((await source.read()).revision).toBe(commit);
  const told = Promise.withResolvers<void>();
  closers.push(source.watch(told.resolve));
  await told.promise;
  expect((await problemOf(source.read())).code).toBe("git-failed");
});

test("without remote and cache the problem says what to check", async () => {
  const at = await repository();
  const problem = await problemOf(sourceOf(at, { url: join(at.folder, "nowhere") }).read());
  expect(problem.code).toBe("git-failed");
  expect(problem.hint).toContain("check the address");
});

test("a branch that is not there is named as the problem", async () => {
  const at = await repository();
  await at.push(document);
  expect((await problemOf(sourceOf(at, { branch: "nope" }).read())).code).toBe("git-branch-missing");
});

test("goes on after it was killed in the middle of a fetch", async () => {
  const at = await repository();
  const commit = await at.push(document);
  await sourceOf(at).read();
  for (const lock of ["shallow.lock", "refs/mmsp/head.lock"]) await writeFile(join(at.folder, "cache", lock), "");
  const next = await at.push({ "environments/mmsp.yaml": "a: 5\n" });
  expect(next).not.toBe(commit);
  expect((await sourceOf(at).read()).revision).toBe(next);
});

test("names that git would read as options or commands are refused", async () => {
  const at = await repository();
  for (const branch of ["--upload-pack=x", "-b", "a..b", "a b", "", "a.lock", "refs//x"]) {
    expect(() => sourceOf(at, { branch })).toThrow("is not a branch name");
  }
  for (const url of ["--upload-pack=touch x", "ext::sh -c x", ""]) {
    expect(() => sourceOf(at, { url })).toThrow("is not an address");
  }
});

/** A server that wants a password, and remembers what it was sent. */
function lockedServer(answer: () => Response | Promise<Response>) {
  const seen: (string | null)[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      seen.push(request.headers.get("authorization"));
      return answer();
    },
  });
  closers.push(() => server.stop(true));
  return { seen, address: `127.0.0.1:${server.port}` };
}

test("the token goes to the server in a header, and into no message, argument or file", async () => {
  const at = await repository();
  const { seen, address } = lockedServer(
    () => new Response("no", { status: 401, headers: { "www-authenticate": "Basic" } }),
  );
  const source = sourceOf(at, { url: `http://${address}/x.git`, token: "s3cr3t-token" });
  const problem = await problemOf(source.read());
  expect(problem.code).toBe("git-not-allowed");
  const basic = Buffer.from("x-access-token:s3cr3t-token").toString("base64");
  expect(seen).toContain(`Basic ${basic}`);
  expect(JSON.stringify([problem, source.description])).not.toMatch(/s3cr3t/);
  const config = await Bun.file(join(at.folder, "cache", "config")).text();
  expect(config).not.toMatch(new RegExp(`s3cr3t|${basic}`));
});

test("a server that never answers is given up, with all of git's processes", async () => {
  const at = await repository();
  const { address } = lockedServer(() => new Promise<Response>(() => {}));
  const problem = await problemOf(sourceOf(at, { url: `http://${address}/x.git`, timeoutMs: 300 }).read());
  expect(problem.message).toContain("no answer in 300 ms");
  const processes = await readdir("/proc").catch(() => []);
  const commands = await Promise.all(
    processes.map((pid) =>
      Bun.file(`/proc/${pid}/cmdline`)
        .text()
        .catch(() => ""),
    ),
  );
  expect(commands.filter((command) => command.includes(address))).toEqual([]);
});

test("credentials are taken out of an address", () => {
  expect(parseRemote("https://anna:pw@host/x.git")).toEqual({
    url: "https://host/x.git",
    config: { "http.https://host/.extraHeader": `Authorization: Basic ${btoa("anna:pw")}` },
    secrets: [btoa("anna:pw"), "pw"],
  });
  expect(parseRemote("https://tok@host/x.git").config).toEqual({
    "http.https://host/.extraHeader": `Authorization: Basic ${btoa("x-access-token:tok")}`,
  });
  expect(parseRemote("git@host:x.git")).toEqual({ url: "git@host:x.git", config: {}, secrets: [] });
});
