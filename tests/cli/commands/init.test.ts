import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../../support/folder.ts";
import { runGit } from "../../support/git.ts";
import { parse } from "yaml";
import { filesBelow, jsonOf, makeProject, runCli } from "../run-cli.ts";

// Processes of their own take a while on a busy machine.
setDefaultTimeout(60_000);

describe("mmsp init", () => {
  test("lays out a tree that validates, and says what to do next", async () => {
    using folder = temporaryFolder();
    const { stdout, stderr, exitCode } = await runCli(["init", "--repo", "acme/models"], { cwd: folder.path });
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(stdout).toMatch(/^ {2}wrote \.github\/workflows\/mmsp\.yml\n/);
    expect(stdout).toMatch(
      /\nNext: in \.github\/workflows\/mmsp\.yml fill in MMSP_SOURCE, .*\ncommit and push these files, then\n {2}mmsp register NAME --model-path model\.onnx\n$/,
    );
    const files = filesBelow(folder.path);
    expect(files["environments/mmsp.yaml"]).toContain("repository: acme/models\n  baseBranch: main\n");
    expect(Object.values(files).join("")).not.toMatch(/(?<!\$)\{\{/);
    expect((await runCli(["validate"], { cwd: folder.path })).stdout).toBe("4 documents are valid\n");
  });

  test("what an environment shows as a comment validates once it is none any more", async () => {
    using folder = temporaryFolder();
    await runCli(["init", "--repo", "acme/models"], { cwd: folder.path });
    for (const name of ["dev", "staging", "prod"]) {
      const file = `environments/${name}/environment.yaml`;
      const text = filesBelow(folder.path)[file] ?? "";
      folder.put(file, text.replaceAll(/^ {2}# (addresses:| {2}\w+: http)/gm, "  $1"));
      const { spec } = parse(await Bun.file(join(folder.path, file)).text()) as { spec: Record<string, object> };
      expect(Object.keys(spec["addresses"] ?? {})).toEqual(["gateway", "prometheus", "argocd"]);
    }
    expect((await runCli(["validate"], { cwd: folder.path })).stdout).toBe("4 documents are valid\n");
  });

  test("--dry-run prints all that it would write as a diff that git takes, and writes nothing", async () => {
    using folder = temporaryFolder({ ".github/workflows/mmsp.yml": "# ours\n" });
    await runGit(folder.path, ["init", "--quiet"]);
    const init = (...args: readonly string[]) =>
      runCli(["init", "--repo", "acme/models", ...args], { cwd: folder.path });
    const before = filesBelow(folder.path);
    const dry = await init("--dry-run");
    expect(dry).toMatchObject({ exitCode: 0, stderr: expect.stringContaining("4 files would be written") });
    const json = jsonOf(await init("--dry-run", "--json"));
    expect(json).toMatchObject({ status: "dry-run", kept: [".github/workflows/mmsp.yml"], diff: dry.stdout });
    expect(filesBelow(folder.path)).toEqual(before);
    folder.put("init.diff", dry.stdout);
    await runGit(folder.path, ["apply", "init.diff"]);
    rmSync(join(folder.path, "init.diff"));
    const applied = filesBelow(folder.path);
    expect(Object.keys(applied).filter((path) => !(path in before))).toEqual((json["wrote"] as string[]).toSorted());
    expect(jsonOf(await init("--json"))).toMatchObject({ status: "skipped" });
    expect(filesBelow(folder.path)).toEqual(applied);
    expect(await init("--dry-run")).toMatchObject({ stdout: "", stderr: expect.stringContaining("nothing to do") });
  });

  test("takes the repository from the remote origin, and the base branch from --base", async () => {
    using folder = temporaryFolder();
    await runGit(folder.path, ["init", "--quiet"]);
    await runGit(folder.path, ["remote", "add", "origin", "git@github.com:acme/models.git"]);
    const printed = jsonOf(await runCli(["init", "--base", "trunk", "--json"], { cwd: folder.path }));
    expect(printed).toMatchObject({ status: "written", repository: "acme/models", kept: [] });
    expect(filesBelow(folder.path)["environments/mmsp.yaml"]).toContain("baseBranch: trunk\n");
  });

  test("names an origin that is not on GitHub by its address, without the password, and says what it chose", async () => {
    using folder = temporaryFolder();
    await runGit(folder.path, ["init", "--quiet"]);
    await runGit(folder.path, ["remote", "add", "origin", "https://me:hunter22@gitlab.com/acme/models.git"]); // secretlint-disable-line -- made up
    const { stdout } = await runCli(["init"], { cwd: folder.path });
    expect(stdout).toContain("\nrepository: https://gitlab.com/acme/models.git\n");
    const project = filesBelow(folder.path)["environments/mmsp.yaml"];
    expect(project).toContain("  repository: https://gitlab.com/acme/models.git\n");
    expect(project).not.toContain("hunter22");
  });

  test("takes an origin on the GitHub of GITHUB_API_URL by owner/name", async () => {
    using folder = temporaryFolder();
    await runGit(folder.path, ["init", "--quiet"]);
    await runGit(folder.path, ["remote", "add", "origin", "git@ghe.example:acme/models.git"]);
    const env = { GITHUB_API_URL: "https://ghe.example/api/v3" };
    expect(jsonOf(await runCli(["init", "--json"], { cwd: folder.path, env }))).toMatchObject({
      repository: "acme/models",
    });
  });

  test("refuses an origin that mmsp.yaml cannot name, and says what to give; --repo takes any git address", async () => {
    using folder = temporaryFolder();
    await runGit(folder.path, ["init", "--quiet"]);
    await runGit(folder.path, ["remote", "add", "origin", "work:acme/models.git"]);
    const { stderr, exitCode } = await runCli(["init"], { cwd: folder.path });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('cannot name the remote origin, "work:acme/models.git": name it with --repo OWNER/NAME');
    expect(filesBelow(folder.path)).toEqual({});
    const repo = "ssh://git@host:2222/srv/models.git";
    const given = jsonOf(await runCli(["init", "--repo", repo, "--json"], { cwd: folder.path }));
    expect(given).toMatchObject({ status: "written", repository: repo });
  });

  test("without either asks for the repository", async () => {
    using folder = temporaryFolder();
    const { stderr, exitCode } = await runCli(["init"], { cwd: folder.path });
    expect(exitCode).toBe(2);
    expect(stderr).toContain("name it with --repo OWNER/NAME");
    expect(filesBelow(folder.path)).toEqual({});
  });

  test("keeps what is there, writes what is missing, and has nothing to do the second time", async () => {
    using folder = temporaryFolder({ ".github/workflows/mmsp.yml": "# ours\n" });
    const init = ["init", "--repo", "acme/models"];
    const first = await runCli(init, { cwd: folder.path });
    expect(first.stdout).toContain("  kept  .github/workflows/mmsp.yml (it was there)\n");
    expect(first.stdout).toContain("Next: commit and push these files, then\n  mmsp register NAME");
    const before = filesBelow(folder.path);
    expect(before[".github/workflows/mmsp.yml"]).toBe("# ours\n");
    const second = await runCli(init, { cwd: folder.path });
    expect(second).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining("nothing to do: everything is there\n"),
    });
    expect(jsonOf(await runCli(["init", "--json"], { cwd: folder.path }))).toMatchObject({
      status: "skipped",
      repository: "acme/models",
      wrote: [],
    });
    expect(filesBelow(folder.path)).toEqual(before);
  });

  test("leaves an existing repository alone: its workflows, owners and environments, and those that it took out", async () => {
    using project = await makeProject();
    project.put(".github/workflows/validate.yml", "# theirs\n");
    project.put(".github/workflows/mmsp.yml", "# changed by hand\n");
    project.put("CODEOWNERS", "* @acme/models\n");
    project.put("environments/prod/environment.yaml", `${project.read("environments/prod/environment.yaml")}# ours\n`);
    project.put("environments/qa/environment.yaml", project.read("environments/dev/environment.yaml"));
    await project.git("rm", "-r", "--quiet", "environments/staging");
    const before = project.files();
    const again = await project.run(["init"]);
    expect(again).toMatchObject({ exitCode: 0, stderr: "" });
    expect(again.stdout).toContain("nothing to do: everything is there\n");
    expect(project.files()).toEqual(before);
  });

  test("goes on from where it was interrupted", async () => {
    using folder = temporaryFolder({ "environments/dev/environment.yaml": "# there before\n" });
    expect((await runCli(["init", "--repo", "acme/models"], { cwd: folder.path })).exitCode).toBe(0);
    const files = filesBelow(folder.path);
    expect(Object.keys(files)).toEqual([
      ".github/workflows/mmsp.yml",
      "environments/dev/environment.yaml",
      "environments/mmsp.yaml",
      "environments/prod/environment.yaml",
      "environments/staging/environment.yaml",
    ]);
    expect(files["environments/dev/environment.yaml"]).toBe("# there before\n");
  });

  test("refuses another repository than mmsp.yaml names, and a project inside of a project", async () => {
    using project = await makeProject();
    const before = project.files();
    const other = await project.run(["init", "--repo", "acme/others"]);
    expect(other.exitCode).toBe(1);
    expect(other.stderr).toContain("environments/mmsp.yaml spec.repository: names acme/models, not acme/others");
    mkdirSync(join(project.path, "below"));
    const below = await runCli(["init", "--repo", "acme/others"], { cwd: join(project.path, "below") });
    expect(below.exitCode).toBe(1);
    expect(below.stderr).toContain("belongs to a project already");
    expect(project.files()).toEqual(before);
  });

  test("keeps to the base branch of a project that is there, and refuses another", async () => {
    using folder = temporaryFolder();
    const init = (...args: readonly string[]) => runCli(["init", ...args], { cwd: folder.path });
    await init("--repo", "acme/models", "--base", "develop");
    const before = filesBelow(folder.path);
    rmSync(join(folder.path, ".github"), { recursive: true });
    const other = await init("--base", "trunk");
    expect(other.exitCode).toBe(1);
    expect(other.stderr).toContain("environments/mmsp.yaml spec.baseBranch: names develop, not trunk");
    const variable = { MMSP_BASE_BRANCH: "trunk" };
    expect((await runCli(["init"], { cwd: folder.path, env: variable })).exitCode).toBe(0);
    expect(filesBelow(folder.path)).toEqual(before);
    expect(before[".github/workflows/mmsp.yml"]).toContain('branches: ["develop"]');
    expect((await init("--base", "develop")).exitCode).toBe(0);
  });

  test("a base branch cannot smuggle YAML in", async () => {
    using folder = temporaryFolder();
    const { exitCode } = await runCli(["init", "--repo", "acme/models", "--base", "main\n  x: y"], {
      cwd: folder.path,
    });
    expect(exitCode).toBe(2);
    expect(filesBelow(folder.path)).toEqual({});
  });

  test("a file where a folder is needed is told, not a bug", async () => {
    using folder = temporaryFolder({ environments: "a file\n" });
    const { stderr, exitCode } = await runCli(["init", "--repo", "acme/models"], { cwd: folder.path });
    expect(exitCode).toBe(1);
    expect(stderr).toContain("cannot be written");
    expect(stderr).not.toContain("should not");
  });
});

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string>>;
  readonly permissions: unknown;
  readonly jobs: {
    readonly validate: { readonly steps: readonly Step[] };
    readonly mlflow: { readonly if: string; readonly needs: string; readonly steps: readonly Step[] };
  };
}

interface Step {
  readonly name?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, unknown>>;
}

describe("the workflow that init writes", () => {
  async function workflowOf(...flags: readonly string[]): Promise<Workflow> {
    using folder = temporaryFolder();
    await runCli(["init", "--repo", "acme/models", ...flags], { cwd: folder.path });
    return parse(filesBelow(folder.path)[".github/workflows/mmsp.yml"] ?? "") as Workflow;
  }

  test("runs its check on every pull request, as a check that is required must, and may only read", async () => {
    const { on, permissions, jobs, env } = await workflowOf("--base", "1.0");
    expect(on).toEqual({ pull_request: null, push: { branches: ["1.0"] } });
    expect(permissions).toEqual({ contents: "read" });
    expect(Object.keys(jobs)).toEqual(["validate", "mlflow"]);
    expect(env).toEqual({ MMSP_SOURCE: "" });
  });

  test("tells MLflow what is served after a merge, where a variable names it, and never of a pull request", async () => {
    const { mlflow, validate } = (await workflowOf()).jobs;
    expect(mlflow.if).toBe("github.event_name == 'push' && vars.MLFLOW_TRACKING_URI != ''");
    // What it runs comes from where the check before it has seen that it is pinned.
    expect(mlflow.needs).toBe("validate");
    const [checkout, , sync] = mlflow.steps;
    expect(checkout?.with).toEqual({ ref: "${{ github.ref }}", "persist-credentials": false });
    expect(Object.keys(sync?.env ?? {}).toSorted()).toEqual([
      "MLFLOW_TRACKING_PASSWORD",
      "MLFLOW_TRACKING_TOKEN",
      "MLFLOW_TRACKING_URI",
      "MLFLOW_TRACKING_USERNAME",
    ]);
    expect(sync?.run).toEndWith('mlflow sync -C "$GITHUB_WORKSPACE"\n');
    expect(JSON.stringify(validate)).not.toContain("secrets.");
  });

  test("takes mmsp from no place but the one that a person has pinned", async () => {
    const { steps } = (await workflowOf()).jobs.validate;
    const script = steps.find(({ name }) => name?.startsWith("MMSP_SOURCE"))?.run ?? "";
    const codeOf = (source: string) => {
      const env = { PATH: process.env["PATH"] ?? "", MMSP_SOURCE: source };
      const { exitCode, stdout } = Bun.spawnSync(["bash", "-e", "-c", script], { env });
      expect(stdout.toString()).toMatch(exitCode === 0 ? /^$/ : /^::error .*MMSP_SOURCE does not say where/);
      return exitCode;
    };
    const commit = "0123456789abcdef0123456789abcdef01234567";
    const pinned = [
      `git+https://host/acme/mmsp.git#${commit}`,
      `github:acme/mmsp#${commit}`,
      "https://host/mmsp-0.1.0.tgz",
    ];
    expect(pinned.map(codeOf)).toEqual([0, 0, 0]);
    const others = ["", "0.1.0", "latest", "mmsp", "github:acme/mmsp", "github:acme/mmsp#main", "http://host/mmsp.tgz"];
    expect(others.map(codeOf)).toEqual(others.map(() => 1));
    expect(steps.map(({ run = "" }) => run).join("")).not.toMatch(/\bx mmsp\b/);
  });
});
