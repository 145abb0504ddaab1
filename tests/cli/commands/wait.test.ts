import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { paths } from "../../../schemas/tree.ts";
import { WaitOutput } from "../../../schemas/output/wait.ts";
import type { ForgeCall, ForgeHook } from "../../../cli/demo/forge/api.ts";
import { DEMO_TOKEN } from "../../../cli/demo/forge/server.ts";
import { startGatewayProcess } from "../../support/gateway-process.ts";
import { commitDirectly, runGit } from "../../support/git.ts";
import { startForgeProject, type ForgeProject } from "../forge-project.ts";
import { jsonOf } from "../run-cli.ts";

// Processes of their own take a while on a busy machine.
setDefaultTimeout(60_000);

let at: ForgeProject;
let forge: ForgeProject["forge"];
let project: ForgeProject["project"];
let hook: ForgeHook | undefined;
const reviewerToken = "reviewer-token-0123456789";

beforeAll(async () => {
  at = await startForgeProject({
    users: {
      [DEMO_TOKEN]: { login: "demo-admin", permission: "admin" },
      [reviewerToken]: { login: "rita", permission: "write" },
    },
    hook: (call) => hook?.(call),
  });
  ({ forge, project } = at);
});

afterEach(() => {
  hook = undefined;
  forge.settings.rules.clear();
});

afterAll(() => at[Symbol.asyncDispose]());

const run = (...args: readonly string[]) =>
  project.run(args, { GITHUB_API_URL: forge.apiUrl, GITHUB_TOKEN: DEMO_TOKEN });

async function api(method: string, path: string, body?: object, token = DEMO_TOKEN): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}` };
  const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  return (await fetch(`${forge.apiUrl}/repos/acme/models${path}`, init)).json();
}

const isLook = (call: ForgeCall) => JSON.stringify(call.body ?? "").includes("query Follow");

/** Does something before the first look at a pull request is answered. */
function atFirstLook(act: () => Promise<unknown>): void {
  hook = async (call) => {
    if (!isLook(call)) return;
    hook = undefined;
    await act();
  };
}

const newest = async () => ((await api("GET", "/pulls")) as { number: number; head: { sha: string } }[])[0]!;

describe("--wait", () => {
  test("ends with 0 when it is merged and the gateway of the environment serves it", async () => {
    await using gateway = await startGatewayProcess({
      MMSP_ENV: "dev",
      MMSP_GIT_URL: forge.cloneUrl,
      MMSP_DATA: `${at.directory}/data`,
      MMSP_POLL_MS: "50",
    });
    const path = paths.environment("dev");
    const policy = await runGit(forge.gitDir, ["show", `main:${path}`]);
    const text = policy.replace("  backend: embedded", `  backend: embedded\n  addresses: {gateway: "${gateway.url}"}`);
    await commitDirectly(forge.gitDir, "main", { [path]: `${text}\n` }, "Name the gateway");
    atFirstLook(async () => api("PUT", `/pulls/${(await newest()).number}/merge`, {}));
    const { stdout, stderr, exitCode } = await run("deploy", "fraud", "--version", "2", "--canary", "20", "--wait");
    expect(stderr).not.toContain("pull request #1");
    expect(stdout).toMatch(
      /^✓ Deploy fraud 2 to dev at 20 %\n {2}pull request #1 opened: http:\S+\/acme\/models\/pull\/1\n/,
    );
    expect(stdout.match(/pull request #1/g)).toHaveLength(1);
    expect(stdout).toMatch(
      /\n {2}merged as [0-9a-f]{7}\n {2}served by http:\S+: version 1, version 2 as a canary at 20 %\n$/,
    );
    expect(exitCode).toBe(0);
    await commitDirectly(forge.gitDir, "main", { [path]: `${policy}\n` }, "Name no gateway");
  });

  test("ends with 1 and the check that failed; the same command adopts the pull request and waits again", async () => {
    const fail = async () => {
      const { head } = await newest();
      await api("POST", `/statuses/${head.sha}`, {
        state: "failure",
        context: "validate",
        target_url: "https://ci.example.com/9",
      });
    };
    atFirstLook(fail);
    const failed = await run("deploy", "fraud", "--version", "2", "--canary", "40", "--wait");
    expect(failed.exitCode).toBe(1);
    expect(failed.stderr).toContain('error: the check "validate" of pull request #2 failed: https://ci.example.com/9');
    expect(failed.stdout.match(/✓|pull request #2 opened/g)).toEqual(["✓", "pull request #2 opened"]);

    atFirstLook(async () => api("PUT", "/pulls/2/merge", {}));
    const again = jsonOf(await run("deploy", "fraud", "--version", "2", "--canary", "40", "--wait", "--json"));
    expect(again).toMatchObject({
      status: "published",
      pullRequest: { number: 2, action: "unchanged" },
      end: { state: "merged", commit: await runGit(forge.gitDir, ["rev-parse", "main"]), gateway: null, problem: null },
    });
  });

  test("gives up after --wait-timeout, and says how to go on", async () => {
    const { stderr, exitCode } = await run("rollback", "fraud", "--wait", "--wait-timeout", "0s");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("pull request #3 is still open: ready, waiting for somebody to merge it");
    expect(stderr).toContain("`mmsp wait 3` goes on waiting");
  });

  test.each([
    [["promote", "fraud", "--wait", "--local"], "--wait and --local exclude each other"],
    [["promote", "fraud", "--wait", "--dry-run"], "--wait and --dry-run exclude each other"],
    [["promote", "fraud", "--auto-merge", "--local"], "--auto-merge and --local exclude each other"],
    [["rollback", "fraud", "--auto-merge", "--commit"], "--auto-merge and --commit exclude each other"],
    [["promote", "fraud", "--wait-timeout", "10m"], "--wait-timeout goes with --wait"],
    [["promote", "--all", "--wait-timeout", "10m"], "--wait-timeout goes with --wait"],
    [
      ["promote", "fraud", "--wait", "--wait-timeout", "soon"],
      "--wait-timeout takes a duration such as 30d, 72h, 15m or 90s",
    ],
  ])("mmsp %p is a usage error", async (args, words) => {
    const { stderr, exitCode } = await run(...args);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(words);
  });
});

describe("--auto-merge", () => {
  test("that the branch does not allow is told, though the pull request is open", async () => {
    const { stdout, stderr, exitCode } = await run(
      "deploy",
      "fraud",
      "--version",
      "2",
      "--canary",
      "60",
      "--auto-merge",
      "--wait",
    );
    expect(exitCode).toBe(1);
    expect(stdout.match(/✓|pull request #4 opened/g)).toEqual(["✓", "pull request #4 opened"]);
    expect(stderr).toContain("the pull request is open, but does not merge by itself");
    expect(stderr).toContain("Protected branch rules not configured");
    expect(stderr).toContain("`mmsp wait 4` waits for that");
  });

  test("waits for the reviews that the branch wants, and says which word of a reviewer it stands at", async () => {
    forge.settings.rules.set("main", { as: "ruleset", pullRequest: { approvals: 1 } });
    forge.settings.allowAutoMerge = true;
    const deploy = ["deploy", "fraud", "--version", "2", "--canary", "70", "--auto-merge"];
    const { stdout, stderr } = await run(...deploy, "--wait", "--wait-timeout", "0s");
    expect(stdout).toContain("GitHub merges it by itself, once what the base branch requires is there");
    const number = /pull request #(\d+) is still open: waiting for a review\n/.exec(stderr)?.[1] ?? "";
    const review = (event: string) =>
      api("POST", `/pulls/${number}/reviews`, { event, body: "See the notes" }, reviewerToken);

    await review("REQUEST_CHANGES");
    const objected = await run("wait", number, "--wait-timeout", "0s");
    expect(objected.exitCode).toBe(1);
    expect(objected.stdout).toContain(`pull request #${number} is still open: a reviewer asked for changes`);

    atFirstLook(() => review("APPROVE"));
    expect(await run("wait", number)).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("merged as") });
  });
});

describe("mmsp wait", () => {
  test("takes a number or an address, and prints one object under --json", async () => {
    await run("deploy", "fraud", "--version", "2", "--canary", "80");
    atFirstLook(async () => api("PATCH", "/pulls/5", { state: "closed" }));
    const { url } = await api("GET", "/pulls/5").then((pull) => ({ url: (pull as { html_url: string }).html_url }));
    const closed = await run("wait", url, "--json");
    expect(closed.exitCode).toBe(1);
    const printed = WaitOutput.parse(jsonOf(closed));
    expect(printed).toMatchObject({
      pullRequest: 5,
      end: {
        state: "stopped",
        problem: {
          code: "pull-request-closed",
          hint: expect.stringContaining("`mmsp deploy fraud --version 2 --env dev`"),
        },
      },
    });

    const merged = await run("wait", "#2");
    expect(merged).toMatchObject({ exitCode: 0, stderr: "" });
    expect(merged.stdout).toMatch(/^✓ pull request #2\n {2}merged as [0-9a-f]{7}\n$/);
    expect((await run("wait", "2", "--wait-timeout", "soon")).exitCode).toBe(2);
  });

  test("says what is wrong with what it was given", async () => {
    expect((await run("wait")).stderr).toContain("which pull request?");
    expect((await run("wait", "soon")).stderr).toContain("neither the number of a pull request nor the address of one");
    const missing = await run("wait", "999");
    expect(missing.exitCode).toBe(1);
    expect(missing.stderr).toContain("acme/models has no pull request #999");
  });
});

test("--wait of a commit on the base branch waits for the gateway alone, where one is named", async () => {
  const printed = jsonOf(await run("rollback", "fraud", "--commit", "--wait", "--json"));
  const commit = await runGit(forge.gitDir, ["rev-parse", "main"]);
  expect(printed).toMatchObject({
    status: "committed",
    commit: { oid: commit },
    end: { state: "merged", commit, gateway: null, problem: null },
  });
});
