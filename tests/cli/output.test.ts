/** What the real commands print under --json, by each status that it can have; `runCli` holds all of it against the schemas. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { startForge, type Forge } from "../../cli/demo/forge/server.ts";
import { runGit, temporaryDirectory } from "../support/git.ts";
import { jsonOf, makeProject, type Project } from "./run-cli.ts";

// Processes of their own take a while on a busy machine.
setDefaultTimeout(60_000);

const token = "writer-token-0123456789";
let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
let forge: Forge;
let project: Project;

beforeAll(async () => {
  folder = await temporaryDirectory();
  const users = { [token]: { login: "grace", permission: "write" } } as const;
  forge = await startForge({ directory: folder.path, owner: "acme", repo: "models", users });
  project = await makeProject({ serving: true });
  await project.mmsp("deploy", "fraud", "--version", "2", "--local");
  await project.commit();
  await runGit(forge.gitDir, ["fetch", "--quiet", project.path, "HEAD:main"]);
});

afterAll(async () => {
  project[Symbol.dispose]();
  await forge.stop();
  await folder[Symbol.asyncDispose]();
});

test.each([
  ["promote fraud --dry-run", "dry-run", 0],
  ["promote fraud --local --dry-run", "dry-run", 0],
  ["promote fraud", "published", 0],
  ["promote fraud", "published", 0],
  ["rollback fraud --commit --dry-run", "dry-run", 0],
  ["rollback fraud --commit", "committed", 0],
  ["deploy fraud --version 1 --env dev", "skipped", 0],
  ["promote fraud --local", "written", 0],
  ["deploy fraud --version 9", "refused", 1],
  ["deploy fraud", "refused", 2],
  ["deploy fraud --version 2 --repo acme/nothing", "refused", 1],
  ["down", "skipped", 0],
  ["init", "skipped", 0],
])("%s --json: %s, with exit code %d", async (line, status, exitCode) => {
  const env = { GITHUB_API_URL: forge.apiUrl, GITHUB_TOKEN: token };
  const ran = await project.run([...line.split(" "), "--json"], env);
  expect(ran.exitCode).toBe(exitCode);
  expect(jsonOf(ran)["status"]).toBe(status);
});
