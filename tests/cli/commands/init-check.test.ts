import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { InitCheckOutput } from "../../../schemas/output/parts/init-check.ts";
import { ForgeFault } from "../../../cli/demo/forge/fault.ts";
import { makeAppKey } from "../../support/app-key.ts";
import { commitDirectly, runGit } from "../../support/git.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { startForgeProject, type ForgeProject } from "../forge-project.ts";
import { jsonOf, runCli } from "../run-cli.ts";

// Processes of their own take a while on a busy machine.
setDefaultTimeout(60_000);

const { publicKey, privateKey } = makeAppKey();
const users = {
  classic: { login: "grace", permission: "write", scopes: ["repo"] },
  narrow: { login: "grace", permission: "write", scopes: ["read:org"] },
  fine: { login: "grace", permission: "write" },
  reader: { login: "rita", permission: "read" },
} as const;

type Reply = readonly [status: number, body: unknown];
/** What the test's server does not have: answered as GitHub describes it. By the end of the path. */
const rules: Record<string, Reply> = {};
const denied: Reply = [403, { message: "Resource not accessible by personal access token" }];

let at: ForgeProject;
let forge: ForgeProject["forge"];
let project: ForgeProject["project"];

beforeAll(async () => {
  const permissions = { contents: "write", pull_requests: "read", checks: "read" } as const;
  at = await startForgeProject({
    users,
    app: { id: 4711, slug: "rollouts", publicKey, installation: 99, permissions },
    hook: ({ path }) => {
      const ends = Object.keys(rules).toSorted((a, b) => b.length - a.length);
      const found = rules[ends.find((end) => (path.split("?")[0] ?? "").endsWith(end)) ?? ""];
      if (found !== undefined) throw new ForgeFault({ status: found[0], body: found[1] });
    },
  });
  ({ forge, project } = at);
});

afterEach(() => {
  for (const end of Object.keys(rules)) delete rules[end];
});

afterAll(() => at[Symbol.asyncDispose]());

const check = (env: Readonly<Record<string, string>>, ...flags: readonly string[]) =>
  project.run(["init", "--check", ...flags], { GITHUB_API_URL: forge.apiUrl, ...env });

async function findings(env: Readonly<Record<string, string>>): Promise<Readonly<Record<string, string>>> {
  const printed = InitCheckOutput.parse(jsonOf(await check(env, "--json")));
  return Object.fromEntries(printed.findings.map(({ code, state }) => [code, state]));
}

const checksRule = (context: string, strict: boolean) => ({
  type: "required_status_checks",
  parameters: { strict_required_status_checks_policy: strict, required_status_checks: [{ context }] },
});

describe("mmsp init --check", () => {
  test("says what is missing and what to do, fails, and changes nothing", async () => {
    rules["/branches/main"] = [200, { name: "main", protected: false }];
    rules["/rules/branches/main"] = [200, []];
    rules["/actions/secrets"] = denied;
    const [tree, refs] = [project.files(), await runGit(forge.gitDir, ["for-each-ref"])];
    const { stdout, stderr, exitCode } = await check({ GITHUB_TOKEN: "fine" });
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 1 });
    expect(stdout).toMatch(/^acme\/models, branch main\nok {6}repository/);
    expect(stdout).toMatch(
      /\nok {6}contents +the token may commit to branches\nok {6}pull-requests +the token may open pull requests\n/,
    );
    expect(stdout).toMatch(/\nmissing mmsp-source +MMSP_SOURCE is empty, so the check fails\n +hint: fill it in/);
    expect(stdout).toMatch(/\nmissing required-check +main does not require the check "validate"\n +hint: Settings/);
    expect(stdout).toMatch(/\nadvice {2}auto-merge /);
    expect(stdout).toMatch(/\n3 of 12 points are missing\n$/);
    expect(project.files()).toEqual(tree);
    expect(await runGit(forge.gitDir, ["for-each-ref"])).toBe(refs);
  });

  test("is content with rulesets that require the check, and a pinned source", async () => {
    rules["/branches/main"] = [200, { name: "main", protected: true }];
    rules["/rules/branches/main"] = [200, [{ type: "pull_request" }, checksRule("validate", true)]];
    rules["/actions/secrets"] = [200, { total_count: 0, secrets: [] }];
    const path = ".github/workflows/mmsp.yml";
    const text = await runGit(forge.gitDir, ["show", `main:${path}`]);
    const filled = text.replace('MMSP_SOURCE: ""', `MMSP_SOURCE: "github:acme/mmsp#${"0".repeat(40)}"`);
    await commitDirectly(forge.gitDir, "main", { [path]: filled }, "Pin mmsp");
    const { stdout, exitCode } = await check({ GITHUB_TOKEN: "classic" });
    expect(exitCode).toBe(0);
    expect(stdout).toContain("\nnothing that is required is missing\n");
    await commitDirectly(forge.gitDir, "main", { [path]: text }, "Unpin mmsp");
  });

  test("sees branch protection, the part for everybody and the part for administrators", async () => {
    const required = { strict: true, contexts: ["validate"], checks: [] };
    rules["/branches/main"] = [
      200,
      { name: "main", protected: true, protection: { required_status_checks: required } },
    ];
    rules["/rules/branches/main"] = [200, []];
    rules["/branches/main/protection"] = [404, { message: "Not Found" }];
    expect(await findings({ GITHUB_TOKEN: "classic" })).toMatchObject({
      "required-check": "ok",
      "up-to-date": "unknown",
      "pull-request-rule": "unknown",
    });
    rules["/branches/main/protection"] = [200, { required_status_checks: required, required_pull_request_reviews: {} }];
    expect(await findings({ GITHUB_TOKEN: "classic" })).toMatchObject({
      "up-to-date": "ok",
      "pull-request-rule": "ok",
    });
  });

  test("finds out what a token may do: by its scopes, or by trying what nobody can do", async () => {
    expect(await findings({ GITHUB_TOKEN: "narrow" })).toMatchObject({
      contents: "missing",
      "pull-requests": "missing",
    });
    expect(await findings({ GITHUB_TOKEN: "reader" })).toMatchObject({
      contents: "missing",
      "pull-requests": "missing",
    });
  });

  test("knows an App by its permissions", async () => {
    const env = { MMSP_GITHUB_APP_ID: "4711", MMSP_GITHUB_APP_PRIVATE_KEY: privateKey };
    expect(await findings(env)).toMatchObject({
      contents: "ok",
      "pull-requests": "missing",
      checks: "ok",
      statuses: "missing",
      documents: "ok",
    });
    expect((await check(env)).stdout).toMatch(/\nadvice {2}statuses .*--wait.*\n +hint: .*"Commit statuses: read"/);
  });

  test("before init looks at the repository of the remote origin", async () => {
    using folder = temporaryFolder();
    await runGit(folder.path, ["init", "--quiet"]);
    await runGit(folder.path, ["remote", "add", "origin", forge.cloneUrl]);
    const env = { GITHUB_API_URL: forge.apiUrl, GITHUB_TOKEN: "classic" };
    const printed = jsonOf(await runCli(["init", "--check", "--json"], { cwd: folder.path, env }));
    expect(printed).toMatchObject({ repository: "acme/models", baseBranch: "main" });
  });

  test("of a branch or a repository that is not there says so", async () => {
    rules["/branches/trunk"] = [404, { message: "Branch not found" }];
    const branch = await check({ GITHUB_TOKEN: "classic" }, "--base", "trunk");
    expect(branch.exitCode).toBe(1);
    expect(branch.stdout).toMatch(/\nmissing base-branch +there is no branch trunk\n/);
    const other = await check({ GITHUB_TOKEN: "classic" }, "--repo", "acme/nothing", "--json");
    expect(other.exitCode).toBe(1);
    expect(jsonOf(other)).toMatchObject({ ready: false, findings: [{ code: "repository", state: "missing" }] });
  });

  test("without a token says what to do, and a token that GitHub does not know is told as anywhere", async () => {
    expect((await check({})).stderr).toContain("no GitHub token");
    expect((await check({ GITHUB_TOKEN: "nobody" })).stderr).toContain("GitHub does not accept the token");
  });
});
