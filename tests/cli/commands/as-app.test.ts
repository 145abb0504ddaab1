import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { makeAppKey } from "../../support/app-key.ts";
import { runGit } from "../../support/git.ts";
import { startForgeProject, type ForgeProject } from "../forge-project.ts";
import { jsonOf } from "../run-cli.ts";

// Processes of their own take a while on a busy machine.
setDefaultTimeout(60_000);

const { publicKey, privateKey } = makeAppKey();
const permissions = { contents: "write", pull_requests: "write" } as const;

let at: ForgeProject;
let forge: ForgeProject["forge"];
let project: ForgeProject["project"];

beforeAll(async () => {
  const app = { id: 4711, slug: "rollouts", publicKey, installation: 99, permissions };
  at = await startForgeProject({ app, privateReads: true });
  ({ forge, project } = at);
});

afterAll(() => at[Symbol.asyncDispose]());

test("deploy as a GitHub App takes at most two calls more, one where the installation is named, and opens the bot's pull request", async () => {
  const keyFile = project.put(".git/app.pem", privateKey);
  const env = {
    GITHUB_API_URL: forge.apiUrl,
    MMSP_GITHUB_APP_ID: "4711",
    MMSP_GITHUB_APP_PRIVATE_KEY_FILE: keyFile,
  };
  const opened = await project.run(["deploy", "fraud", "--version", "2", "--canary", "20", "--json"], env);
  const { pullRequest } = jsonOf(opened) as { pullRequest: { number: number; branch: string } };
  expect(forge.calls).toHaveLength(6);
  const head = await runGit(forge.gitDir, ["log", "-1", "--format=%an", pullRequest.branch]);
  expect(head).toBe("rollouts[bot]");

  const from = forge.calls.length;
  const named = { ...env, MMSP_GITHUB_APP_INSTALLATION_ID: "99" };
  const again = await project.run(["deploy", "fraud", "--version", "2", "--canary", "30", "--json"], named);
  expect(jsonOf(again)).toMatchObject({ pullRequest: { number: pullRequest.number, action: "updated" } });
  expect(forge.calls.length - from).toBeLessThanOrEqual(6);
});

test("up --repo hands the App on: the gateway reads a private repository with it, and can commit", async () => {
  const keyFile = project.put(".git/app.pem", privateKey);
  const env = {
    GITHUB_API_URL: forge.apiUrl,
    MMSP_GITHUB_APP_ID: "4711",
    MMSP_GITHUB_APP_PRIVATE_KEY_FILE: keyFile,
    XDG_CACHE_HOME: at.directory,
  };
  const up = await project.run(["up", "--repo", "acme/models", "--port", "0", "--detach", "--json"], env);
  try {
    const { url, models } = jsonOf(up) as { url: string; models: readonly object[] };
    expect(models).toMatchObject([{ model: "fraud", stable: { version: 1 } }]);
    expect(await (await fetch(`${url}/status`)).json()).toMatchObject({ problems: [] });
  } finally {
    await project.run(["down", "--repo", "acme/models"], env);
  }
});

test("a key that cannot be read is told before anything is asked of GitHub", async () => {
  const from = forge.calls.length;
  const env = { GITHUB_API_URL: forge.apiUrl, MMSP_GITHUB_APP_ID: "4711", MMSP_GITHUB_APP_PRIVATE_KEY: "half a key" };
  const { stderr, exitCode } = await project.run(["promote", "fraud"], env);
  expect(exitCode).toBe(1);
  expect(stderr).toContain("MMSP_GITHUB_APP_PRIVATE_KEY does not hold a private key");
  expect(stderr).not.toContain("half a key");
  expect(forge.calls).toHaveLength(from);
});
