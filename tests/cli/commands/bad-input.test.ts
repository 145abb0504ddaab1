import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { formatProblem, type Problem } from "../../../schemas/problem.ts";
import { linearModel, zipMapModel } from "../../support/models.ts";
import { jsonOf, makeProject, type Project } from "../run-cli.ts";

// Processes of their own take a while on a busy machine.
setDefaultTimeout(60_000);

const deployment = "environments/dev/models/fraud/deployment.yaml";
const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${"4d".repeat(32)}\nsize 12345\n`;

/** Runs the command; it must refuse with this code and what to do next, and leave the tree as it was. What it said. */
async function refused(project: Project, args: readonly string[], code: string): Promise<string> {
  const before = project.files();
  const ran = await project.run([...args, "--json"]);
  expect(ran.exitCode).toBe(1);
  const { status, problems } = jsonOf(ran) as { status: string; problems: readonly Problem[] };
  expect({ status, codes: [...new Set(problems.map((problem) => problem.code))] }).toEqual({
    status: "refused",
    codes: [code],
  });
  for (const { hint } of problems) expect(hint).not.toBeEmpty();
  expect(project.files()).toEqual(before);
  return problems.map((problem) => formatProblem(problem)).join("\n");
}

test("everything that is wrong with the documents is told by file and line, as validate tells it", async () => {
  using project = await makeProject({ serving: true });
  for (const path of ["environments/registry/fraud/1/model-version.yaml", deployment, "environments/mmsp.yaml"]) {
    project.put(path, project.read(path).replace("kind: ", "knd: ").replace("metadata:", "metdata:"));
  }
  const validated = jsonOf(await project.run(["validate", "--json"]))["problems"];
  for (const command of [
    ["deploy", "fraud", "--version", "2"],
    ["promote", "fraud"],
  ]) {
    const ran = jsonOf(await project.run([...command, "--local", "--json"])) as { problems: readonly Problem[] };
    const files = ran.problems.map(({ file = "", line = 0 }) => `${file}:${line}`);
    expect(files).toEqual(files.toSorted());
    expect(files.length).toBeGreaterThan(5);
    expect(validated).toEqual(expect.arrayContaining(ran.problems));
    const text = (await project.run([...command, "--local"])).stderr;
    expect([...text.matchAll(/^error: (\S+?:\d+):/gm)].map(([, place]) => place)).toEqual(files);
  }
});

describe("register refuses a file that is no model", () => {
  const model = linearModel();
  const files: readonly (readonly [string, string | Uint8Array, string, string])[] = [
    ["is not ONNX", "a,b,c\n1,2,3\n", "model-not-onnx", "export the model to ONNX"],
    ["is empty", "", "file-empty", "empty"],
    ["was cut short", model.slice(0, Math.floor(model.length / 2)), "model-truncated", "ends too early"],
    ["is a git-lfs pointer", pointer, "file-lfs-pointer", "git lfs pull"],
    ["has no tensor among its outputs", zipMapModel({ labelled: false }), "model-outputs", "zipmap"],
  ];

  test.each(files)("that %s", async (_, content, code, says) => {
    using project = await makeProject();
    project.put("bad.onnx", content);
    const said = await refused(project, ["register", "fraud", "--model-path", "bad.onnx", "--local"], code);
    expect(said).toContain("bad.onnx");
    expect(said).toContain(says);
  });

  test("that is not there, or is a folder", async () => {
    using project = await makeProject();
    expect(
      await refused(project, ["register", "fraud", "--model-path", "nowhere.onnx", "--local"], "file-missing"),
    ).toContain("nowhere.onnx");
    const args = ["register", "fraud", "--model-path", "environments", "--local"];
    expect((await project.run(args)).exitCode).toBe(1);
  });

  test("and another file under a version that exists", async () => {
    using project = await makeProject({ serving: true });
    const args = ["register", "fraud", "--model-path", "v2.onnx", "--version", "1", "--local"];
    expect(await refused(project, args, "version-taken")).toContain("a version never changes");
  });
});

describe("a name, a version or a weight that does not exist", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["deploy frauds --version 1 --local", "model-unknown", 'did you mean "fraud"?'],
    ["deploy fraud --version 9 --local", "version-unknown", "registered versions: 1, 2"],
    ["deploy fraud --version 1 --env porod --local", "environment-unknown", 'did you mean "prod"?'],
    ["diff nosuch", "revision-unknown", "git does not know nosuch\n"],
    ["deploy ../x --version 1 --local", "name-invalid", "cannot name a model"],
    ["deploy a/b --version 1 --local", "name-invalid", "cannot name a model"],
    ["deploy fraud --version 1 --env ../dev --local", "name-invalid", "cannot name"],
    ["register ../x --model-path v1.onnx --local", "name-invalid", "cannot name a model"],
    ["register registry/x --model-path v1.onnx --local", "name-invalid", "cannot name a model"],
    ["register kustomization --model-path v1.onnx --local", "name-reserved", "cannot name a model"],
    ["promote frauds --local", "model-unknown", "registered models: fraud"],
    ["promote fraud --to nowhere --local", "environment-unknown", "environments: dev"],
    ["promote fraud --version 2 --local", "no-canary", "starts one"],
    ["rollback fraud --to 7 --local", "version-not-previous", "7"],
    ["rollback fraud --local", "nothing-to-go-back-to", "no earlier stable version"],
    ["down --env porod", "environment-unknown", 'did you mean "prod"?'],
    ["up --env porod", "environment-unknown", 'did you mean "prod"?'],
    ["promote fraud --to porod --local", "environment-unknown", 'did you mean "prod"?'],
    ["status frauds", "model-unknown", 'did you mean "fraud"?'],
    ["status --env nowhere", "environment-unknown", "environments: dev, staging, prod"],
    ["diff --env nowhere", "environment-unknown", "environments: dev, staging, prod"],
    ["up --env nowhere", "environment-unknown", "environments: dev, staging, prod"],
  ];

  test.each(cases)("%s", async (line, code, says) => {
    using project = await makeProject({ serving: true });
    expect(await refused(project, line.split(" "), code)).toContain(says);
  });
});

describe("a broken document", () => {
  const bomb = [
    "a: &a [x, x, x, x, x, x, x, x, x]",
    ..."bcdefghi".split("").map((name, at) => {
      const before = "abcdefgh"[at]!;
      return `${name}: &${name} [${Array(9).fill(`*${before}`).join(", ")}]`;
    }),
  ].join("\n");
  const broken: readonly (readonly [string, string, RegExp])[] = [
    ["broken YAML", "spec: {\n", /deployment\.yaml:\d+:\d+/],
    ["a duplicate key", "spec:\n  model: fraud\n  model: fraud\n", /deployment\.yaml:3:3/],
    ["an alias bomb", bomb, /deployment\.yaml/],
    ["binary", "\u0000\u0001\u0002", /deployment\.yaml/],
    ["nothing", "", /deployment\.yaml/],
    ["a list", "- a\n- b\n", /deployment\.yaml/],
  ];

  test("that is valid by itself but breaks a rule is shown by status as it is, and told by validate", async () => {
    using project = await makeProject({ serving: true });
    project.put(deployment, project.read(deployment).replace("version: 1", "version: 9"));
    const [status, validate] = await Promise.all([project.run(["status"]), project.run(["validate"])]);
    expect(status).toMatchObject({ exitCode: 0, stderr: "" });
    expect(status.stdout).toMatch(/^dev {2}fraud {2}9 /m);
    expect(validate.exitCode).toBe(1);
    expect(validate.stdout).toContain("version 9");
  });

  test("in the registry does not keep status from telling what is served", async () => {
    using project = await makeProject({ serving: true });
    project.put("environments/registry/fraud/1/model-version.yaml", "spec: [");
    const [status, validate] = await Promise.all([project.run(["status"]), project.run(["validate"])]);
    expect(status).toMatchObject({ exitCode: 0, stderr: "" });
    expect(status.stdout).not.toContain("problem");
    expect(validate.exitCode).toBe(1);
  });

  test.each(broken)("(%s) is told with its place by validate and by whoever would edit it", async (_, text, place) => {
    using project = await makeProject({ serving: true });
    project.put(deployment, text);
    const validated = await project.run(["validate"]);
    expect(validated.exitCode).toBe(1);
    expect(validated.stdout).toMatch(place);
    expect(validated.stdout).toMatch(/\d+ problems?\n$/);
    const json = await project.run(["validate", "--json"]);
    expect(json.exitCode).toBe(1);
    expect(jsonOf(json)).toMatchObject({ valid: false, problems: [{ file: deployment }] });
    const before = project.files();
    const deploy = await project.run(["deploy", "fraud", "--version", "2", "--local"]);
    expect(deploy).toMatchObject({ exitCode: 1, stdout: "" });
    expect(deploy.stderr).toMatch(place);
    expect(deploy.stderr).toMatch(/^error: .*\n {2}hint: /);
    expect(deploy.stderr).not.toMatch(/\n\s+at |node_modules|should not/);
    expect(project.files()).toEqual(before);
  });

  test("validate tells every problem with file, line and column, all at once", async () => {
    using project = await makeProject({ serving: true });
    project.put(deployment, project.read(deployment).replace("version: 1", "version: 7"));
    const environment = "environments/prod/environment.yaml";
    project.put(environment, project.read(environment).replace("backend: embedded", "backend: mainframe"));
    const { stdout } = await project.run(["validate"]);
    expect(stdout).toMatch(/^environments\/prod\/environment\.yaml:\d+:\d+ spec\.backend: /m);
    expect(stdout).toMatch(/^environments\/dev\/models\/fraud\/deployment\.yaml:\d+:\d+ spec\.stable/m);
  });

  test("a broken mmsp.yaml is named, not taken for a missing one", async () => {
    using project = await makeProject({ serving: true });
    project.put("environments/mmsp.yaml", "spec: {\n");
    const { stderr, exitCode } = await project.run(["deploy", "fraud", "--version", "2"], { GITHUB_TOKEN: "x" });
    expect(exitCode).toBe(1);
    expect(stderr).toContain("environments/mmsp.yaml:");
  });
});
