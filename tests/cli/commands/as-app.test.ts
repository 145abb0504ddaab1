import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Forge } from "../../../cli/demo/forge/server.ts";
import { startCheckedForge } from "../../support/checked-forge.ts";
import { makeAppKey } from "../../support/app-key.ts";
import { runGit, temporaryDirectory } from "../../support/git.ts";
import { jsonOf, makeProject, type Project } from "../run-cli.ts";

// Processes of their own take a while on a busy machine.
setDefaultTimeout(60_000);

const { publicKey, privateKey } = makeAppKey();
const permissions = { contents: "write", pull_requests: "write" } as const;

let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
let forge: Forge;
let project: Project;

beforeAll(async () => {
  folder = await temporaryDirectory();
  const app = { id: 4711, slug: "rollouts", publicKey, installation: 99, permissions };
  const repository = { directory: folder.path, owner: "acme", repo: "models", privateReads: true };
  forge = await startCheckedForge({ ...repository, app });
  project = await makeProject({ serving: true });
  await runGit(forge.gitDir, ["fetch", "--quiet", project.path, "main:main"]);
});

afterAll(async () => {
  project[Symbol.dispose]();
  await forge.stop();
  await folder[Symbol.asyncDispose]();
});

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
    XDG_CACHE_HOME: folder.path,
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
