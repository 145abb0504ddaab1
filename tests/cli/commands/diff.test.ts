import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { DiffOutput } from "../../../schemas/output/diff.ts";
import { jsonOf, makeProject, type Project } from "../run-cli.ts";

setDefaultTimeout(60_000);

let project: Project;

beforeAll(async () => {
  project = await makeProject({ serving: true });
});

afterAll(() => project[Symbol.dispose]());

describe("the working tree", () => {
  test("against HEAD says in terms of models what is not committed yet, and --exit-code tells by 1", async () => {
    expect(await project.mmsp("diff", "--exit-code")).toBe("no difference to HEAD\n");
    await project.mmsp("deploy", "fraud", "--version", "2", "--canary", "20", "--local");
    expect(await project.mmsp("diff")).toBe("fraud dev: canary + 2 at 20 %\n");
    expect((await project.run(["diff", "--exit-code"])).exitCode).toBe(1);
    await project.commit();
    await project.mmsp("deploy", "fraud", "--version", "2", "--canary", "50", "--local");
    const output = DiffOutput.parse(jsonOf(await project.run(["diff", "--json"])));
    expect(output).toEqual({
      kind: "tree",
      base: "HEAD",
      commit: await project.git("rev-parse", "HEAD"),
      differences: [{ environment: "dev", model: "fraud", version: null, what: "canary 2", from: "20 %", to: "50 %" }],
      unreadable: [],
    });
    expect(await project.mmsp("diff", "--env", "prod")).toBe("no difference to HEAD\n");
  });

  test("against another commit, with files that are broken told", async () => {
    project.put("environments/prod/environment.yaml", "spec: [");
    const text = await project.mmsp("diff", "HEAD~1", "--env", "dev");
    expect(text).toContain("fraud dev: canary + 2 at 50 %\n");
    expect(text).toContain("note: environments/prod/environment.yaml cannot be read, and was not compared\n");
    expect(await project.mmsp("diff", "--env", "prod")).not.toContain("prod: environment");
    await project.git("checkout", "--quiet", "environments/prod/environment.yaml");
    const unknown = await project.run(["diff", "nowhere"]);
    expect(unknown).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("nowhere") });
  });
});

describe("a document that cannot be read", () => {
  const broken = "environments/prod/environment.yaml";

  test("is no agreement: nothing says that there is no difference, and --exit-code tells by 1", async () => {
    using own = await makeProject({ serving: true });
    own.put(broken, "spec: [");
    const run = async (...args: readonly string[]) => {
      const { exitCode, stdout } = await own.run(["diff", "--exit-code", ...args]);
      return { exitCode, stdout };
    };
    const note = `note: ${broken} cannot be read, and was not compared\n`;
    expect(await run()).toEqual({ exitCode: 1, stdout: `nothing else differs from HEAD\n${note}` });
    expect((await run("--env", "prod")).exitCode).toBe(1);
    expect((await run("--json")).exitCode).toBe(1);
    // What is asked about does not lie there.
    expect(await run("--env", "dev")).toEqual({ exitCode: 0, stdout: `no difference to HEAD\n${note}` });
    expect((await own.run(["diff"])).exitCode).toBe(0);
    const two = await run("--env", "prod", "--env", "dev");
    expect(two.exitCode).toBe(1);
    expect(two.stdout).toEndWith(note);
    await own.commit();
    // Broken as it was: both sides say the same.
    expect(await run()).toEqual({ exitCode: 0, stdout: "no difference to HEAD\n" });
  });
});

describe("two environments", () => {
  test("are told apart in a table, or in JSON", async () => {
    const text = await project.mmsp("diff", "--env", "dev", "--env", "prod");
    expect(text).toMatch(
      /^MODEL {2}WHAT {4}DEV {6,}PROD\nfraud {2}stable {2}1 +-\nfraud {2}canary {2}2 at 50 % {2}-\n$/,
    );
    const json = jsonOf(await project.run(["diff", "--env", "dev", "--env", "prod", "--json"]));
    expect(DiffOutput.parse(json)).toMatchObject({
      environments: ["dev", "prod"],
      differences: [{ what: "stable", values: ["1", null] }, { what: "canary" }],
    });
  });

  test("are compared by the objectives that variables say, too", async () => {
    using other = await makeProject({ serving: true });
    const args = ["deploy", "fraud", "--version", "1", "--local"];
    await other.mmsp(...args, "--env", "prod");
    const policy = "environments/prod/environment.yaml";
    other.put(policy, other.read(policy).replace("latencyP95Ms: 250", "latencyP95Ms: 70"));
    const differ = (env = {}) => other.run(["diff", "--env", "dev", "--env", "prod", "--json"], env).then(jsonOf);
    const latency = expect.arrayContaining([expect.objectContaining({ what: expect.stringContaining("latency") })]);
    expect(await differ()).toMatchObject({ differences: latency });
    expect(await differ({ MMSP_SLO_LATENCY_P95_MS: "99" })).not.toMatchObject({ differences: latency });
  });

  test("have to be two that there are", async () => {
    for (const environments of [
      ["dev", "dev"],
      ["dev", "prod", "staging"],
    ]) {
      const { exitCode } = await project.run(["diff", ...environments.flatMap((name) => ["--env", name])]);
      expect(exitCode).toBe(2);
    }
    const slip = await project.run(["diff", "--env", "dev", "--env", "prd"]);
    expect(slip).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('did you mean "prod"?') });
  });
});
