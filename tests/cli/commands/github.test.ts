import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { ForgeHook } from "../../../cli/demo/forge/api.ts";
import { runGit } from "../../support/git.ts";
import { linearModel } from "../../support/models.ts";
import { protectedBranch } from "../gitops/hub.ts";
import { startForgeProject, type ForgeProject } from "../forge-project.ts";
import { jsonOf, makeProject, spawnCli } from "../run-cli.ts";

// Processes of their own take a while on a busy machine.
setDefaultTimeout(60_000);

const writer = "writer-token-0123456789";
const reader = "reader-token-0123456789";

/** One server and one clone for the whole file; each test leaves its own pull requests. */
let at: ForgeProject;
let forge: ForgeProject["forge"];
let project: ForgeProject["project"];
let hook: ForgeHook | undefined;

beforeAll(async () => {
  at = await startForgeProject({
    users: {
      [writer]: { login: "grace", permission: "write" },
      [reader]: { login: "rita", permission: "read" },
    },
    hook: (call) => hook?.(call),
  });
  ({ forge, project } = at);
});

afterAll(() => at[Symbol.asyncDispose]());

const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  project.run(args, { GITHUB_API_URL: forge.apiUrl, GITHUB_TOKEN: writer, ...env });

/** Every branch and where it points. */
const branches = () => runGit(forge.gitDir, ["for-each-ref", "--format=%(refname) %(objectname)"]);

describe("published as a pull request", () => {
  test("deploy opens one, says its address and who gets the traffic; the tree on disk stays as it is", async () => {
    const before = project.files();
    const opened = await run(["deploy", "fraud", "--version", "2", "--canary", "20"]);
    expect(opened).toMatchObject({ exitCode: 0, stderr: "" });
    expect(opened.stdout).toMatch(
      /^✓ Deploy fraud 2 to dev at 20 %\n {2}pull request #\d+ opened: http:\S+\/acme\/models\/pull\/\d+\n {2}traffic: version 1 stable 100 % -> version 1 stable 80 %, version 2 canary 20 %\n$/,
    );
    expect(project.files()).toEqual(before);

    const again = jsonOf(await run(["deploy", "fraud", "--version", "2", "--canary", "30", "--json"]));
    expect(again).toMatchObject({
      status: "published",
      version: 2,
      pullRequest: { number: 1, action: "updated", branch: "mmsp/dev/fraud/deploy-2" },
    });
  });

  test("register brings the file along, says nothing twice, and its --dry-run makes no branch", async () => {
    project.put("churn.onnx", linearModel({ bias: [4, 5] }));
    const args = ["register", "churn", "--model-path", "churn.onnx"];
    const before = await branches();
    const dry = await run([...args, "--dry-run"]);
    expect(dry.stdout).toContain("+++ b/environments/registry/churn/1/model-version.yaml");
    expect(await branches()).toBe(before);
    const { pullRequest } = jsonOf(await run([...args, "--json"])) as { pullRequest: { branch: string } };
    const files = await runGit(forge.gitDir, ["diff", "--name-only", "main", pullRequest.branch]);
    expect(files).toMatch(/^artifacts\/sha256\/[0-9a-f]{64}\/churn\.onnx$/m);
    const { notices } = jsonOf(await run([...args, "--json"])) as { notices: readonly string[] };
    expect(new Set(notices).size).toBe(notices.length);
  });

  test("rollback --commit goes onto the base branch at once, and says which commit", async () => {
    await project.mmsp("deploy", "fraud", "--version", "2", "--env", "staging", "--local");
    const before = await runGit(forge.gitDir, ["rev-parse", "main"]);
    await project.mmsp("deploy", "fraud", "--version", "1", "--env", "prod", "--local");
    await project.mmsp("deploy", "fraud", "--version", "2", "--env", "prod", "--local");
    await project.commit();
    await runGit(forge.gitDir, ["fetch", "--quiet", project.path, "main:main"]);
    const { stdout, exitCode } = await run([
      "rollback",
      "fraud",
      "--env",
      "prod",
      "--commit",
      "--reason",
      "odd scores",
    ]);
    expect(exitCode).toBe(0);
    const head = await runGit(forge.gitDir, ["rev-parse", "main"]);
    expect(head).not.toBe(before);
    expect(stdout).toContain(`  commit ${head.slice(0, 7)} on main: http`);
    expect(await runGit(forge.gitDir, ["log", "-1", "--format=%B", "main"])).toContain("odd scores");
  });

  test("promote --all is one pull request, which its --dry-run tells beforehand", async () => {
    using other = await makeProject({ serving: true });
    await other.mmsp("deploy", "fraud", "--version", "2", "--local");
    await other.commit();
    await runGit(forge.gitDir, ["fetch", "--quiet", other.path, "HEAD:canaries"]);
    const args = ["promote", "--all", "--base", "canaries", "--json"];
    const dry = jsonOf(await run([...args, "--dry-run"])) as { pullRequest: { branch: string; body: string } };
    const real = jsonOf(await run(args));
    expect(real).toMatchObject({
      status: "published",
      title: "Promote fraud 2 to stable in dev",
      changes: [{ model: "fraud", version: 2 }],
      left: [],
      pullRequest: { action: "opened", branch: dry.pullRequest.branch },
    });
    expect(dry.pullRequest.body).toStartWith(
      "Requests to one model in dev go to other versions than until now.\n\n| Model | Version |",
    );
    expect((await run(args.slice(0, -1))).stdout).toMatch(
      /^✓ Promote fraud 2 to stable in dev\n {2}pull request #\d+ unchanged: http\S+\n {2}fraud: version 1 stable 90 %/,
    );
  });

  test("status and validate read the branch with --repo, from anywhere", async () => {
    const status = await run(["-C", "/", "status", "--repo", "acme/models", "--json"]);
    expect(jsonOf(status)).toMatchObject({ problems: [] });
    expect((await run(["-C", "/", "validate", "--repo", "acme/models"])).stdout).toMatch(/^\d+ documents are valid\n$/);
  });
});

describe("--dry-run", () => {
  const dry = (...args: readonly string[]) => run([...args, "--dry-run"]);
  const dryJson = async (...args: readonly string[]) => jsonOf(await dry(...args, "--json"));
  const deploy = ["deploy", "fraud", "--version", "2", "--env", "dev"];

  test("tells where a change would go, and leaves the tree and every branch alone", async () => {
    await runGit(forge.gitDir, ["branch", "dry", "main"]);
    const onto = [...deploy, "--base", "dry"];
    const before = await branches();
    const opened = await dry(...onto);
    expect(opened).toMatchObject({ exitCode: 0 });
    expect(opened.stdout).toStartWith("diff --git a/environments/dev/models/fraud/");
    expect(opened.stderr).toContain("(dry run: nothing was written)\n");
    expect(await branches()).toBe(before);

    const real = jsonOf(await run([...onto, "--json"])) as { pullRequest: { number: number; branch: string } };
    const { number } = real.pullRequest;
    const same = await dry(...onto);
    expect(same).toMatchObject({ exitCode: 0, stdout: "" });
    expect(same.stderr).toContain(
      `  would change nothing of pull request #${number} (${real.pullRequest.branch}): http`,
    );
    const other = [...onto, "--canary", "35"];
    expect((await dry(...other)).stderr).toContain(`  would update pull request #${number} (`);
    const json = await dryJson(...other);
    expect(json).toMatchObject({
      status: "dry-run",
      diff: expect.stringContaining("weight: 35"),
      pullRequest: { action: "updated", number, base: "dry", title: "Deploy fraud 2 to dev at 35 %" },
    });
    const { body } = json["pullRequest"] as { body: string };
    await run(other);
    const pulls = await fetch(`${forge.apiUrl}/repos/acme/models/pulls/${number}`, {
      headers: { authorization: `Bearer ${writer}`, "user-agent": "browser" },
    });
    expect(await pulls.json()).toMatchObject({ body });
  });

  test("of a version whose registration is open goes onto that pull request, as the command does", async () => {
    project.put("fresh.onnx", linearModel({ bias: [7, 7] }));
    const register = ["register", "fresh", "--model-path", "fresh.onnx"];
    expect(await dryJson(...register)).toMatchObject({
      diff: expect.stringMatching(/^Binary file artifacts\/sha256\/[0-9a-f]{64}\/fresh\.onnx \(\d+ bytes\)$/m),
      pullRequest: { action: "opened", number: null, branch: expect.stringMatching(/^mmsp\/registry\/fresh\/1-/) },
    });
    const registered = jsonOf(await run([...register, "--json"])) as {
      pullRequest: { number: number; branch: string };
    };
    const onto = ["deploy", "fresh", "--version", "1"];
    const previewed = await dryJson(...onto);
    expect(previewed).toMatchObject({
      status: "dry-run",
      pullRequest: {
        action: "updated",
        number: registered.pullRequest.number,
        title: "Register fresh 1 and deploy it to dev",
      },
      diff: expect.not.stringContaining("model-version.yaml"),
    });
    const { pullRequest } = jsonOf(await run([...onto, "--json"])) as { pullRequest: { number: number } };
    expect(pullRequest.number).toBe(registered.pullRequest.number);
  });

  test("of rollback --commit names the branch and the commit message", async () => {
    using other = await makeProject({ serving: true });
    await other.mmsp("deploy", "fraud", "--version", "2", "--local");
    await other.commit();
    await runGit(forge.gitDir, ["fetch", "--quiet", other.path, "HEAD:served"]);
    const before = await branches();
    const args = ["rollback", "fraud", "--commit", "--reason", "odd", "--base", "served"];
    expect((await dry(...args)).stderr).toContain("  would be a commit on served\n");
    expect(await dryJson(...args)).toMatchObject({
      commit: { branch: "served", message: expect.stringContaining("odd") },
      diff: expect.stringContaining("rejected"),
    });
    expect(await branches()).toBe(before);
  });
});

describe("what stands in the way", () => {
  const deploy = ["deploy", "fraud", "--version", "1", "--env", "staging"];
  const cases: readonly (readonly [string, readonly string[], Readonly<Record<string, string>>, RegExp])[] = [
    ["a token that may only read", deploy, { GITHUB_TOKEN: reader }, /\n {2}hint: .*Contents: write/],
    [
      "a token that GitHub does not know",
      deploy,
      { GITHUB_TOKEN: "wrong" },
      /does not accept the token\n {2}hint: .*GITHUB_TOKEN/,
    ],
    [
      "no token",
      deploy,
      { GITHUB_TOKEN: "" },
      /no GitHub token: .*\n {2}hint: run `gh auth login`, or set GITHUB_TOKEN/,
    ],
    [
      "an unknown repository",
      [...deploy, "--repo", "acme/nothing"],
      {},
      /does not find acme\/nothing.*\n {2}hint: check the name/,
    ],
    [
      "an unknown branch",
      [...deploy, "--base", "trunk"],
      {},
      /has no branch "trunk"\n {2}hint: its default branch is "main"/,
    ],
    ["an unknown model", deploy.with(1, "frauds"), {}, /no model "frauds".*\n {2}hint: did you mean "fraud"/],
    ["an address that is none", deploy, { GITHUB_API_URL: "nowhere" }, /GITHUB_API_URL is not an http.*\n {2}hint: /],
    [
      "nobody at that address",
      deploy,
      { GITHUB_API_URL: "http://127.0.0.1:1" },
      /cannot be reached\n {2}hint: check the network/,
    ],
  ];

  test.each(cases)("%s: told with what to do next; nothing changes, there or here", async (_, args, env, says) => {
    const before = { branches: await branches(), files: project.files() };
    const [text, json] = await Promise.all([run(args, env), run([...args, "--json"], env)]);
    expect(text).toMatchObject({ exitCode: 1, stdout: "" });
    expect(text.stderr).toMatch(/^error: /);
    expect(text.stderr).toMatch(says);
    expect(text.stderr).not.toMatch(/\n\s+at |HttpError|node_modules/);
    expect(json.exitCode).toBe(1);
    expect(jsonOf(json)).toMatchObject({ status: "refused", problems: [{ hint: expect.any(String) }] });
    expect({ branches: await branches(), files: project.files() }).toEqual(before);
  });

  test("a protected branch takes no rollback as a commit; the way by pull request is pointed to", async () => {
    using other = await makeProject({ serving: true });
    await other.mmsp("deploy", "fraud", "--version", "2", "--local");
    await other.commit();
    await runGit(forge.gitDir, ["fetch", "--quiet", other.path, "HEAD:release"]);
    const before = await branches();
    hook = protectedBranch("release");
    const refused = await run(["rollback", "fraud", "--commit", "--base", "release"]);
    hook = undefined;
    expect(refused).toMatchObject({ exitCode: 1, stdout: "" });
    expect(refused.stderr).toMatch(/^error: .*"release".*pull requests only\n {2}hint: leave --commit out/);
    expect(await branches()).toBe(before);
  });

  test("Ctrl-C while GitHub does not answer ends the command at once", async () => {
    const asked = Promise.withResolvers<void>();
    using silent = Bun.serve({
      port: 0,
      idleTimeout: 0,
      fetch: () => {
        asked.resolve();
        return new Promise<Response>(() => {});
      },
    });
    const env = { GITHUB_API_URL: `http://127.0.0.1:${silent.port}`, GITHUB_TOKEN: writer };
    const child = spawnCli(deploy, { cwd: project.path, env });
    await asked.promise;
    child.kill("SIGINT");
    await child.exited;
    expect(child.signalCode).toBe("SIGINT");
    void silent.stop(true);
  });
});
