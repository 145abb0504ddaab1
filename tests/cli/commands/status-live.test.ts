/** What `status --live` says of gateways that are not well, and of one that `up --repo` has started. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { StatusOutput } from "../../../schemas/output/status.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { runGit } from "../../support/git.ts";
import { jsonOf, makeProject } from "../run-cli.ts";

setDefaultTimeout(60_000);

const policy = "environments/dev/environment.yaml";
const problem = { code: "model-broken", message: "version 2 of churn cannot be loaded", hint: "see its file" };

test("a gateway that lacks a model, and has problems, is told with what it has read, also to programs", async () => {
  using project = await makeProject({ serving: true });
  const body = { environment: "dev", revision: "0123456789abcdef0123456789abcdef01234567", models: [], cuts: [] };
  let problems = [problem, problem];
  using gateway = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => Response.json({ ...body, problems }) });
  const address = `http://127.0.0.1:${gateway.port}`;
  project.put(policy, `${project.read(policy).trimEnd()}\n  addresses: {gateway: "${address}"}\n`);

  const text = await project.mmsp("status", "--live");
  expect(text).toMatch(/\nLIVE {2}MODEL .*\ndev {3}fraud {2}missing {2}- +- +-\n/);
  expect(text).toContain(
    "note: the gateway of dev is degraded, 2 problems (version 2 of churn cannot be loaded): its /status says more\n",
  );
  expect(text).toContain(`dev: ${address} serves revision 0123456789ab\n`);
  const { live } = StatusOutput.parse(jsonOf(await project.run(["status", "--live", "--json"])));
  expect(live).toEqual([
    { environment: "dev", address, revision: body.revision, models: [], missing: ["fraud"], problems, error: null },
  ]);
  // Another model is looked at: this one is not missing there.
  expect(await project.mmsp("status", "--live", "--env", "dev", "fraud")).toContain("missing");

  problems = [];
  expect(await project.mmsp("status", "--live")).not.toContain("degraded");
});

test("the gateway that up --repo has started for the repository of the clone is found without --repo", async () => {
  using project = await makeProject({ serving: true });
  using cache = temporaryFolder();
  const address = `file://${cache.path}/remote.git`;
  await runGit(cache.path, ["clone", "--quiet", "--bare", project.path, "remote.git"]);
  const env = { XDG_CACHE_HOME: cache.path, MMSP_REPOSITORY: address };
  const flags = ["--repo", address, "--env", "dev"];
  const { url } = jsonOf(await project.run(["up", ...flags, "--port", "0", "--detach", "--json"], env)) as {
    url: string;
  };
  try {
    const { stdout } = await project.run(["status", "--live"], env);
    expect(stdout).toContain(`dev: the gateway of mmsp up --repo ${address}, ${url}, serves revision `);
    const { live } = StatusOutput.parse(jsonOf(await project.run(["status", "--live", "--json"], env)));
    expect(live).toMatchObject([{ environment: "dev", address: url, missing: [], models: [{ model: "fraud" }] }]);
  } finally {
    await project.run(["down", ...flags], env);
  }
});
