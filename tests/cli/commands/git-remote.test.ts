import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { runGit, temporaryDirectory } from "../../support/git.ts";
import { jsonOf, makeProject, type Project } from "../run-cli.ts";

// Processes of their own take a while on a busy machine.
setDefaultTimeout(60_000);

/** A clone whose mmsp.yaml names a bare repository instead of one on GitHub; version 1 of fraud is stable in dev. */
let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
let project: Project;
let gitDir: string;
let address: string;

beforeAll(async () => {
  folder = await temporaryDirectory();
  gitDir = join(folder.path, "models.git");
  address = `file://${gitDir}`;
  await runGit(folder.path, ["init", "--quiet", "--bare", "--initial-branch=main", gitDir]);
  project = await makeProject({ serving: true });
  const settings = "environments/mmsp.yaml";
  project.put(settings, project.read(settings).replace("acme/models", address));
  await project.commit();
  await project.git("push", "--quiet", address, "HEAD:main");
});
afterAll(async () => {
  project[Symbol.dispose]();
  await folder[Symbol.asyncDispose]();
});

const env = () => ({ XDG_CACHE_HOME: join(folder.path, "cache"), GITHUB_TOKEN: "" });
const run = (...args: readonly string[]) => project.run(args, env());
const git = (...args: readonly string[]) => runGit(gitDir, args);

describe("a repository that is no GitHub's", () => {
  test("takes a deploy as a branch, says what to open, and needs no token", async () => {
    const branch = "mmsp/dev/fraud/deploy-2";
    const deploy = ["deploy", "fraud", "--version", "2", "--canary", "20"];
    const before = await git("for-each-ref");
    const dry = await run(...deploy, "--dry-run");
    expect(dry.stdout).toStartWith("diff --git a/environments/dev/models/fraud/deployment.yaml");
    expect(dry.stderr).toContain(`  would push the branch ${branch}, to be merged into main\n`);
    expect(await git("for-each-ref")).toBe(before);

    const files = project.files();
    const pushed = await run(...deploy);
    expect(pushed).toEqual({
      exitCode: 0,
      stderr: "",
      stdout: [
        "✓ Deploy fraud 2 to dev at 20 %",
        `  branch ${branch} pushed on ${address}`,
        `  next: open a merge request from ${branch} into main`,
        "  traffic: version 1 stable 100 % -> version 1 stable 80 %, version 2 canary 20 %",
        "",
      ].join("\n"),
    });
    expect(project.files()).toEqual(files);
    expect(jsonOf(await run(...deploy, "--json"))).toMatchObject({
      status: "pushed",
      version: 2,
      pushed: {
        branch,
        base: "main",
        action: "unchanged",
        remote: address,
        url: null,
        title: "Deploy fraud 2 to dev at 20 %",
        body: expect.stringContaining("### Traffic"),
      },
    });
    expect((await run(...deploy, "--dry-run")).stderr).toContain("would change nothing of the branch");
    expect((await run("deploy", "fraud", "--version", "2", "--canary", "40")).stdout).toContain("updated on file://");
  });

  test("shows what a server says of its merge requests", async () => {
    const hook = join(gitDir, "hooks", "post-receive");
    await Bun.write(
      hook,
      "#!/bin/sh\necho\necho 'To create a merge request, visit:'\necho '  https://git.example/new'\n",
    );
    await Bun.spawn(["chmod", "755", hook]).exited;
    const { stdout } = await run("deploy", "fraud", "--version", "1", "--env", "prod");
    await Bun.file(hook).delete();
    expect(stdout).toContain("into main: https://git.example/new\n");
  });

  test("is read by status with --repo from anywhere, and takes a rollback as a commit", async () => {
    await git("update-ref", "refs/heads/main", "mmsp/dev/fraud/deploy-2");
    const status = await run("-C", "/", "status", "--repo", address, "--json");
    expect(jsonOf(status)).toMatchObject({ deployments: [{ stable: 1, canary: { version: 2 } }], problems: [] });
    const dry = await run("rollback", "fraud", "--commit", "--dry-run");
    expect(dry.stderr).toContain("  would be a commit on main\n");
    const { stdout, exitCode } = await run("rollback", "fraud", "--commit", "--reason", "odd scores");
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`  commit ${(await git("rev-parse", "main")).slice(0, 7)} on main: ${address}\n`);
    expect(await git("log", "-1", "--format=%B", "main")).toContain("odd scores");
  });

  test("takes promote --all as one branch", async () => {
    await run("deploy", "fraud", "--version", "2", "--force");
    await git("update-ref", "refs/heads/main", "mmsp/dev/fraud/deploy-2");
    const promoted = jsonOf(await run("promote", "--all", "--json"));
    expect(promoted).toMatchObject({ status: "pushed", changes: [{ model: "fraud", version: 2 }] });
    const { branch } = promoted["pushed"] as { branch: string };
    expect(await git("log", "--format=%s", `main..${branch}`)).toBe("Promote fraud 2 to stable in dev");
    expect((await run("promote", "--all", "--dry-run")).stderr).toContain(`nothing of the branch ${branch}`);
    expect((await run("promote", "--all")).stdout).toContain(`branch ${branch} is on ${address} already`);
  });
});

describe("what stands in the way", () => {
  const deploy = ["deploy", "fraud", "--version", "2", "--env", "staging"];

  test("a branch that is protected takes no rollback as a commit; the server's words are told", async () => {
    const hook = join(gitDir, "hooks", "pre-receive");
    await Bun.write(hook, "#!/bin/sh\necho 'two reviews are needed'\nexit 1\n");
    await Bun.spawn(["chmod", "755", hook]).exited;
    const refused = await run("rollback", "fraud", "--commit");
    const branch = await run(...deploy);
    await Bun.file(hook).delete();
    expect(refused.stderr).toMatch(
      /^error: the branch "main" is protected: the server says: two reviews are needed\n {2}hint: leave --commit out, and it becomes a branch that somebody merges/,
    );
    expect(branch.stderr).toMatch(/two reviews are needed\n {2}hint: let whoever pushes create branches below mmsp\//);
  });

  test("what would wait for a pull request says that there will be none, and pushes nothing", async () => {
    const before = await git("for-each-ref");
    for (const flag of ["--wait", "--auto-merge"]) {
      const { stderr, exitCode } = await run(...deploy, flag);
      expect(stderr).toMatch(/knows of no pull requests there\n {2}hint: leave --(wait|auto-merge) out/);
      expect(exitCode).toBe(1);
    }
    expect((await run("history", "fraud", "--repo", address)).stderr).toContain("hint: run the command in a clone");
    expect(await git("for-each-ref")).toBe(before);
  });

  test.each([
    [["gc"], "run it in a clone, with --local and without --repo"],
    [["init", "--check"], "plain git shows no settings to check"],
    [["wait", "12"], /a person merges the branch at file:\S+; `mmsp status --repo file:\S+` says what is merged there/],
  ])("mmsp %p says what can be done instead", async (args, says) => {
    const { stderr, exitCode } = await run(...args);
    expect(stderr).toMatch(says);
    expect(exitCode).toBe(1);
  });

  test("show tells all but where a version served, which a clone knows", async () => {
    const { stdout, exitCode } = await run("-C", "/", "show", "fraud", "1", "--repo", address);
    expect(stdout).toContain("where it served is not known");
    expect(exitCode).toBe(0);
  });

  test.each([
    [["wait", "12"], false],
    [["init", "--check"], false],
    [["status"], false],
    [["deploy", "fraud", "--version", "2"], true],
    [["gc"], true],
  ])("without a token for GitHub, mmsp %p names --local only where it has one: %p", async (args, named) => {
    const { stderr } = await project.run([...args, "--repo", "acme/models"], { GITHUB_TOKEN: "", GH_TOKEN: "" });
    expect(stderr).toContain("no GitHub token");
    expect(stderr.includes("--local")).toBe(named);
  });

  test.each([
    ["an address where nothing is", "file:///nowhere/models.git", 1, /does not appear to be a git repository/],
    ["an address with a password", "https://ada:secret@host/models.git", 2, /without a user or password: see MMSP_GIT/],
    ["what is no address", "models", 2, /takes OWNER\/NAME or the address of a git remote, not "models"/],
  ])("%s", async (_, repo, code, says) => {
    const { exitCode, stderr } = await run(...deploy, "--repo", repo);
    expect(stderr).toMatch(says);
    expect(stderr).not.toContain("secret");
    expect(exitCode).toBe(code);
  });
});
