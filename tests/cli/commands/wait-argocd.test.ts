import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { ForgeHook } from "../../../cli/demo/forge/api.ts";
import { DEMO_TOKEN, type Forge } from "../../../cli/demo/forge/server.ts";
import { WaitOutput } from "../../../schemas/output/wait.ts";
import { paths } from "../../../schemas/tree.ts";
import { argocdToken, argoStatus, startFakeArgoCd, type FakeArgoCd } from "../../support/argocd-fake.ts";
import { startCheckedForge } from "../../support/checked-forge.ts";
import { commitDirectly, runGit, temporaryDirectory } from "../../support/git.ts";
import { jsonOf, makeProject, type Project } from "../run-cli.ts";

// Processes of their own take a while on a busy machine.
setDefaultTimeout(60_000);

let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
let forge: Forge;
let project: Project;
let argocd: FakeArgoCd;
let hook: ForgeHook | undefined;

beforeAll(async () => {
  folder = await temporaryDirectory();
  const repository = { directory: folder.path, owner: "acme", repo: "models" };
  forge = await startCheckedForge({ ...repository, hook: (call) => hook?.(call) });
  project = await makeProject({ serving: true });
  await runGit(forge.gitDir, ["fetch", "--quiet", project.path, "main:main"]);
  argocd = startFakeArgoCd();
  argocd.add("dev-fraud", paths.deploymentFolder("dev", "fraud"));
  const path = paths.environment("dev");
  const policy = await runGit(forge.gitDir, ["show", `main:${path}`]);
  const text = policy.replace("  backend: embedded", `  backend: embedded\n  addresses: {argocd: "${argocd.url}"}`);
  await commitDirectly(forge.gitDir, "main", { [path]: `${text}\n` }, "Name Argo CD");
});

afterAll(async () => {
  argocd[Symbol.dispose]();
  project[Symbol.dispose]();
  await forge.stop();
  await folder[Symbol.asyncDispose]();
});

const run = (...args: readonly string[]) =>
  project.run(args, { GITHUB_API_URL: forge.apiUrl, GITHUB_TOKEN: DEMO_TOKEN, ARGOCD_AUTH_TOKEN: argocdToken });

const head = () => runGit(forge.gitDir, ["rev-parse", "main"]);

/** Merges a pull request before the first look at it is answered. */
function mergeAtFirstLook(number: number): void {
  hook = async (call) => {
    if (!JSON.stringify(call.body ?? "").includes("query Follow")) return;
    hook = undefined;
    const init = { method: "PUT", headers: { authorization: `Bearer ${DEMO_TOKEN}` }, body: "{}" };
    await fetch(`${forge.apiUrl}/repos/acme/models/pulls/${number}/merge`, init);
    const commit = await head();
    argocd.compare = (application) => {
      application.status = argoStatus("Synced", "Healthy", commit);
    };
  };
}

test("--wait follows a change to the Argo CD of its environment; --verbose tells each call, and never the token", async () => {
  mergeAtFirstLook(1);
  const deploy = ["deploy", "fraud", "--version", "2", "--canary", "80"];
  const { stdout, stderr, exitCode } = await run(...deploy, "--wait", "--verbose");
  expect(stdout).toMatch(
    /\n {2}merged as ([0-9a-f]{7})\n {2}applied by Argo CD: dev-fraud is Synced at \1 and Healthy\n$/,
  );
  expect(stderr).toMatch(/GET http:\S+\/api\/v1\/applications\/dev-fraud\?\.\.\.: 200/);
  expect(stdout + stderr).not.toContain(argocdToken);
  expect(exitCode).toBe(0);
  const { end } = WaitOutput.parse(jsonOf(await run("wait", "1", "--json")));
  const commit = await head();
  expect(end).toEqual({
    state: "applied",
    commit,
    argocd: [{ application: "dev-fraud", sync: "Synced", health: "Healthy", revision: commit }],
    gateway: null,
    problem: null,
  });
});

test("promote --all --wait follows every model that it changes", async () => {
  mergeAtFirstLook(2);
  const { stdout, stderr, exitCode } = await run("promote", "--all", "--wait");
  expect(stdout).toMatch(
    /^✓ Promote fraud 2 to stable in dev\n {2}pull request #2 opened: http\S+\n {2}fraud: .+\n(?: {4}.+\n)* {2}merged as ([0-9a-f]{7})\n {2}applied by Argo CD: dev-fraud is Synced at \1 and Healthy\n$/,
  );
  expect(stdout.match(/pull request #2/g)).toHaveLength(1);
  expect(stderr).not.toContain("error");
  expect(exitCode).toBe(0);
});

test("promote --all --wait tells programs where it ended, with exit code 1 where that is not where it should", async () => {
  expect((await run("deploy", "fraud", "--version", "1", "--canary", "20")).exitCode).toBe(0);
  mergeAtFirstLook(3);
  expect((await run("wait", "3")).exitCode).toBe(0);
  const answer = await run("promote", "--all", "--wait", "--wait-timeout", "0s", "--json");
  expect(jsonOf(answer)).toMatchObject({
    status: "published",
    pullRequest: { number: 4 },
    end: { state: "stopped", commit: null, problem: { code: "wait-timeout" } },
  });
  expect(answer.exitCode).toBe(1);
});

test("what it cannot apply is an error with its words, and the commit is told to programs", async () => {
  argocd.compare = (application) => {
    const conditions = [{ type: "ComparisonError", message: "kustomize build failed" }];
    application.status = argoStatus("Unknown", "Healthy", "", { conditions });
  };
  const printed = jsonOf(await run("rollback", "fraud", "--commit", "--wait", "--json"));
  expect(printed).toMatchObject({
    status: "committed",
    end: {
      state: "stopped",
      commit: await head(),
      argocd: null,
      problem: { code: "argocd-error", message: expect.stringContaining("kustomize build failed") },
    },
  });
});
