/** A secret in each place that one can come from; nothing that anybody can read afterwards may hold one. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { startForge, type Forge } from "../cli/demo/forge/server.ts";
import { makeProject, runCli, type Project } from "./cli/run-cli.ts";
import { alertOf, webhookOf } from "./support/alerts.ts";
import { temporaryFolder } from "./support/folder.ts";
import { startGatewayProcess } from "./support/gateway-process.ts";
import { commitDirectly, runGit } from "./support/git.ts";
import { makeAppKey } from "./support/app-key.ts";
import { appKey, planted, secretsIn, secretVariables, startEcho, textsBelow } from "./support/secrets.ts";

// Processes of their own take a while on a busy machine.
setDefaultTimeout(60_000);

type Variables = Readonly<Record<string, string>>;

let folder: ReturnType<typeof temporaryFolder>;
let forge: Forge;
let project: Project;
let echo: ReturnType<typeof startEcho>;

beforeAll(async () => {
  folder = temporaryFolder();
  const permissions = { contents: "write", pull_requests: "write" } as const;
  forge = await startForge({
    directory: folder.path,
    owner: "acme",
    repo: "models",
    privateReads: true,
    users: Object.fromEntries(
      [planted.githubToken, planted.ghToken, planted.fromGh, planted.gitUrl].map((token) => [
        token,
        { login: "grace", permission: "write" } as const,
      ]),
    ),
    app: { id: 4711, slug: "rollouts", publicKey: appKey.publicKey, installation: 99, permissions },
  });
  project = await makeProject({ serving: true });
  await project.git("remote", "add", "origin", `https://grace:${planted.remote}@github.com/acme/models.git`);
  await runGit(forge.gitDir, ["fetch", "--quiet", project.path, "main:main"]);
  echo = startEcho();
});

afterAll(async () => {
  await echo.stop(true);
  project[Symbol.dispose]();
  await forge.stop();
  folder[Symbol.dispose]();
});

const apps = { MMSP_GITHUB_APP_ID: "4711", MMSP_GITHUB_APP_PRIVATE_KEY: appKey.privateKey.replaceAll("\n", "\\n") };

/** Runs a command in all its ways of talking, and says which secrets it told. */
async function told(args: readonly string[], env: Variables = {}): Promise<string> {
  const all = { ...secretVariables, GITHUB_API_URL: forge.apiUrl, MMSP_DEBUG: "1", ...env };
  const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ""));
  const ways = [
    [...args, "--verbose"],
    [...args, "--json"],
  ];
  const ran = await Promise.all(ways.map((way) => project.run(way, given)));
  const output = ran.map(({ stdout, stderr }) => stdout + stderr).join("");
  expect(output).not.toBe("");
  expect(secretsIn(output)).toEqual([]);
  return output;
}

describe("a command that does what it should tells no secret", () => {
  test.each([
    [["deploy", "fraud", "--version", "2", "--canary", "20"]],
    [["deploy", "fraud", "--version", "2", "--dry-run"]],
    [["register", "churn", "--model-path", "v1.onnx"]],
    [["status", "--repo", "acme/models"]],
    [["validate", "--repo", "acme/models"]],
    [["init", "--check"]],
    [["wait", "1", "--wait-timeout", "0s"]],
    [["init"]],
  ])("mmsp %p", async (args) => {
    await told(args);
  });

  test("as a GitHub App", async () => {
    expect(await told(["deploy", "fraud", "--version", "2", "--canary", "30"], apps)).toContain("pull request");
  });

  test("with the token that gh is logged in with", async () => {
    const gh = folder.put("bin/gh", `#!/bin/sh\necho ${planted.fromGh}\n`);
    chmodSync(gh, 0o755);
    const PATH = `${join(folder.path, "bin")}:${process.env["PATH"] ?? ""}`;
    const env = { PATH, GITHUB_TOKEN: "", GH_TOKEN: "" };
    expect(await told(["status", "--repo", "acme/models"], env)).toContain("fraud");
    await told(["status", "--repo", "acme/models"], { ...env, GITHUB_API_URL: `http://127.0.0.1:${echo.port}/api/v3` });
  });

  test("nor do its pull requests, commits, and files", async () => {
    const headers = { authorization: `Bearer ${planted.githubToken}` };
    const pulls = await (await fetch(`${forge.apiUrl}/repos/acme/models/pulls?state=all`, { headers })).text();
    expect(pulls).toContain("Deploy fraud 2");
    const log = await runGit(forge.gitDir, ["log", "--all", "--format=%an %ae %B", "--patch"]);
    expect(log).toContain("Deploy fraud 2");
    expect(secretsIn(pulls + log)).toEqual([]);
    const files = textsBelow(project.path, /^\.git\/config$/);
    expect(files.filter(([, text]) => secretsIn(text).length > 0).map(([name]) => name)).toEqual([]);
  });
});

// At the same time: one of them waits for tries that follow one another.
describe("a command that fails tells none either", () => {
  const deploy = ["deploy", "fraud", "--version", "2"];
  const at = (port: number | undefined) => ({ GITHUB_API_URL: `http://127.0.0.1:${port ?? 0}/api/v3` });

  test.concurrent("where GitHub does not know the token, or the App's key", async () => {
    await told(deploy, { GITHUB_TOKEN: planted.unknownToken });
    await told(deploy, { ...apps, MMSP_GITHUB_APP_PRIVATE_KEY: makeAppKey().privateKey });
    await told(deploy, { ...apps, MMSP_GITHUB_APP_PRIVATE_KEY: appKey.privateKey.slice(0, 800) });
    await told(deploy, { ...apps, MMSP_GITHUB_APP_PRIVATE_KEY_FILE: folder.put("app.pem", appKey.privateKey) });
  });

  test.concurrent("where a server in between repeats all that it was sent", async () => {
    expect(await told(deploy, at(echo.port))).toContain("cannot do this");
    await told(deploy, { ...apps, ...at(echo.port) });
    await told(["init", "--check"], at(echo.port));
  });

  test.concurrent("where nobody answers, also behind a proxy", async () => {
    const closed = startEcho();
    const { port } = closed;
    await closed.stop(true);
    const status = ["status", "--repo", "acme/models"];
    await Promise.all([told(status, at(port)), told(status, { ...at(port), NO_PROXY: "" })]);
  });

  test.concurrent("where an address holds a user and a password", async () => {
    const address = (secret: string) => `https://grace:${secret}@github.com/acme/models`;
    await told([...deploy, "--repo", address(planted.repoFlag)]);
    await told(["init", "--repo", `${address(planted.repoFlag)}.git`]);
    await told(["wait", `${address(planted.repoFlag)}/pull/x`]);
    const output = await told(deploy, { GITHUB_API_URL: `http://grace:${planted.apiUrl}@127.0.0.1:9/api/v3` });
    expect(output).toContain("GITHUB_API_URL");
    await told(deploy, { GITHUB_API_URL: `nonsense://grace:${planted.apiUrl}@127.0.0.1:9` });
  });

  test.concurrent("where a document does", async () => {
    using other = await makeProject();
    const address = `https://grace:${planted.document}@gateway.example.com`;
    const path = "environments/dev/environment.yaml";
    const text = other
      .read(path)
      .replace("  backend: embedded", `  backend: embedded\n  addresses: {gateway: "${address}"}`);
    other.put(path, text);
    other.put(
      "environments/mmsp.yaml",
      other.read("environments/mmsp.yaml").replace("artifacts\n", `${address}/store\n`),
    );
    const env = { ...secretVariables, GITHUB_API_URL: forge.apiUrl, MMSP_DEBUG: "1" };
    const commands = [
      ["validate"],
      ["validate", "--json"],
      ["status"],
      ["deploy", "fraud", "--version", "2", "--local"],
    ];
    const ran = await Promise.all(commands.map((args) => runCli(args, { cwd: other.path, env })));
    const output = ran.map(({ stdout, stderr }) => stdout + stderr).join("");
    expect(output).toContain("without a user or password");
    expect(secretsIn(output)).toEqual([]);
  });
});

describe("a gateway", () => {
  const variables = (): Variables => ({
    ...secretVariables,
    MMSP_ENV: "dev",
    MMSP_GIT_URL: forge.cloneUrl.replace("http://", `http://x-access-token:${planted.gitUrl}@`),
    MMSP_REPOSITORY: "acme/models",
    GITHUB_API_URL: `http://127.0.0.1:${echo.port}/api/v3`,
    MMSP_DATA: join(folder.path, "data"),
  });

  test("says none in its log, its replies, its metrics and its files, also while its commits fail", async () => {
    const headers = { authorization: `Bearer ${planted.githubToken}` };
    await fetch(`${forge.apiUrl}/repos/acme/models/pulls/1/merge`, { method: "PUT", headers });
    const policy = await runGit(forge.gitDir, ["show", "main:environments/dev/environment.yaml"]);
    const eager = { "environments/dev/environment.yaml": `${policy.replace("minRequests: 20", "minRequests: 1")}\n` };
    await commitDirectly(forge.gitDir, "main", eager, "Ask for one request");
    await using gateway = await startGatewayProcess(variables());
    await gateway.logged("cuts could not be committed now");
    const row = JSON.stringify({ instances: [[1, 2, 3]] });
    const asked = Array.from({ length: 40 }, () =>
      fetch(`${gateway.url}/predict`, { method: "POST", headers: { "content-type": "application/json" }, body: row }),
    );
    for (const reply of await Promise.all(asked)) expect(reply.status).toBe(200);
    const alert = await fetch(`${gateway.url}/alerts`, {
      method: "POST",
      headers: { authorization: `Bearer ${planted.alerts}`, "content-type": "application/json" },
      body: JSON.stringify(webhookOf(alertOf())),
    });
    await gateway.logged("rollback failed and is tried again");
    const paths = ["/status", "/metrics", "/health", "/v2", "/v1/models", "/no/such/path"];
    const replies = await Promise.all(paths.map(async (path) => (await fetch(`${gateway.url}${path}`)).text()));
    const refused = await fetch(`${gateway.url}/alerts`, {
      method: "POST",
      headers: { authorization: `Bearer ${planted.githubToken}` },
      body: "{}",
    });
    const predicted = await fetch(`${gateway.url}/predict`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: planted.mlflowToken,
    });
    const output = [
      ...replies,
      await refused.text(),
      await predicted.text(),
      await alert.text(),
      JSON.stringify(gateway.log),
    ];
    expect(replies[0]).toContain('"environment":"dev"');
    expect(replies[0]).toContain("cannot do this");
    expect(secretsIn(output.join("\n"))).toEqual([]);
    await gateway.terminate();
    const files = textsBelow(join(folder.path, "data"), /^$/);
    expect(files.filter(([, text]) => secretsIn(text).length > 0).map(([name]) => name)).toEqual([]);
  });

  test.each<[string, Variables]>([
    ["an API with a password", { GITHUB_API_URL: `https://x:${planted.apiUrl}@host/api/v3` }],
    ["a broken key", { MMSP_GITHUB_APP_ID: "1", MMSP_GITHUB_APP_PRIVATE_KEY: appKey.privateKey.slice(0, 700) }],
    ["a port that is a secret", { MMSP_PORT: planted.awsSecret }],
  ])("that cannot start for %s says none", async (_, more) => {
    const main = join(import.meta.dir, "../gateway/main.ts");
    const env = { PATH: process.env["PATH"] ?? "", ...variables(), MMSP_PORT: "0", ...more };
    const child = Bun.spawn([process.execPath, main], { env, stdio: ["ignore", "pipe", "pipe"] });
    const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    expect(code).toBe(1);
    expect(stderr).toContain("error: ");
    expect(secretsIn(stdout + stderr)).toEqual([]);
  });
});
