import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { DiffOutput } from "../../../schemas/output/diff.ts";
import { HistoryOutput } from "../../../schemas/output/history.ts";
import { ListOutput } from "../../../schemas/output/list.ts";
import { ShowOutput } from "../../../schemas/output/show.ts";
import { runGit } from "../../support/git.ts";
import { startHub, token, type Hub } from "../gitops/hub.ts";
import { jsonOf, makeProject, type Project } from "../run-cli.ts";

setDefaultTimeout(60_000);

let hub: Hub;
let project: Project;

beforeAll(async () => {
  project = await makeProject({ serving: true });
  hub = await startHub({ "README.md": "# Empty\n" });
  await runGit(hub.server.gitDir, ["fetch", "--quiet", project.path, "+main:main"]);
});

afterAll(async () => {
  project[Symbol.dispose]();
  await hub[Symbol.asyncDispose]();
});

/** From a folder that is no clone. */
const ask = async (...args: readonly string[]) => {
  const env = { GITHUB_API_URL: hub.server.apiUrl, GITHUB_TOKEN: token };
  return jsonOf(await project.run(["-C", "/", ...args, "--repo", "acme/models", "--base", "main", "--json"], env));
};

test("history, list and show read the branch with --repo, from anywhere, with the digest that is registered", async () => {
  const [history, list, show] = await Promise.all([
    ask("history", "fraud", "--env", "dev"),
    ask("list", "fraud"),
    ask("show", "fraud", "1"),
  ]);
  const { periods, source, head } = HistoryOutput.parse(history);
  expect({ source, head }).toEqual({ source: "acme/models main", head: await hub.head("main") });
  const { spec, served } = ShowOutput.parse(show);
  expect(periods).toMatchObject([{ version: 1, phase: "stable", weight: 100, sha256: spec.artifact.sha256 }]);
  expect(served).toMatchObject([{ environment: "dev", phase: "stable", until: null }]);
  expect(ListOutput.parse(list)).toMatchObject({
    versions: [{ version: 2 }, { version: 1, sha256: spec.artifact.sha256 }],
  });
});

test("a name that the branch does not have is told with those that it has", async () => {
  expect(await ask("history", "frauds")).toMatchObject({ problems: [{ hint: expect.stringContaining('"fraud"') }] });
  expect(await ask("show", "fraud", "7")).toMatchObject({ problems: [{ code: "version-unknown" }] });
});

test("diff compares the working tree with the branch", async () => {
  await project.mmsp("deploy", "fraud", "--version", "2", "--canary", "20", "--local");
  const env = { GITHUB_API_URL: hub.server.apiUrl, GITHUB_TOKEN: token };
  const output = jsonOf(await project.run(["diff", "--repo", "acme/models", "--json"], env));
  expect(DiffOutput.parse(output)).toMatchObject({
    base: "acme/models main",
    commit: await hub.head("main"),
    differences: [{ environment: "dev", model: "fraud", what: "canary", from: null, to: "2 at 20 %" }],
  });
});
