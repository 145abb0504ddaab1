import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Problem } from "../../../schemas/problem.ts";
import { linearModel } from "../../support/models.ts";
import { jsonOf, makeProject, type Project } from "../run-cli.ts";

// Processes of their own take a while on a busy machine.
setDefaultTimeout(60_000);

async function problemsIn(project: Project): Promise<readonly Problem[]> {
  const { problems } = jsonOf(await project.run(["validate", "--json"])) as { problems: readonly Problem[] };
  return problems;
}

/** Runs the command that a hint names, in the working tree. */
async function follow(project: Project, { hint }: Problem): Promise<void> {
  const [, command = ""] = /mmsp (\S+(?: (?:--)?[\w./-]+)*?)(?: takes .*)?$/.exec(hint) ?? [];
  await project.mmsp(...command.replace("FILE", "v1.onnx").split(" "), "--local");
}

test("the command that a rejected version's hint names mends it, in its own environment", async () => {
  using project = await makeProject({ serving: true });
  await project.mmsp("promote", "fraud", "--to", "prod", "--local");
  const path = "environments/prod/models/fraud/deployment.yaml";
  const rejection =
    '{version: 1, attempt: 1, at: "2026-11-20T09:12:00Z", phase: stable, by: person, reason: it is slow}';
  project.put(path, `${project.read(path).trimEnd()}\n  rejected: [${rejection}]\n`);
  const problem = (await problemsIn(project)).find(({ code }) => code === "version-rejected")!;
  expect(problem).toMatchObject({ file: path, path: "spec.stable.version" });
  await follow(project, problem);
  expect(await problemsIn(project)).toEqual([]);
});

test("the command that an unregistered version's hint names registers it", async () => {
  using project = await makeProject();
  await project.mmsp("register", "fraud", "--model-path", "v2.onnx", "--local");
  await project.mmsp("deploy", "fraud", "--version", "1", "--local");
  for (const name of ["model-version.yaml", "kustomization.yaml"]) {
    await Bun.file(`${project.path}/environments/registry/fraud/1/${name}`).delete();
  }
  const [problem] = await problemsIn(project);
  expect(problem).toMatchObject({ code: "version-unknown", path: "spec.stable.version" });
  await follow(project, problem!);
  expect(await problemsIn(project)).toEqual([]);
});

describe("a model file that the working tree should hold", () => {
  const document = "environments/registry/fraud/2/model-version.yaml";
  const damage: readonly (readonly [string, string | Uint8Array | null, string, RegExp])[] = [
    ["is not there", null, "file-missing", /there is no such file/],
    [
      "is another one",
      linearModel({ bias: [7, 7] }),
      "artifact-digest",
      /has the sha256 [0-9a-f]{64}, but its key says/,
    ],
    ["is empty", "", "file-empty", /is empty/],
    [
      "is a git-lfs pointer",
      `version https://git-lfs.github.com/spec/v1\noid sha256:${"4d".repeat(32)}\nsize 12345\n`,
      "file-lfs-pointer",
      /git-lfs pointer/,
    ],
  ];

  test.each(damage)("%s: told at the line of the document that names it", async (_, content, code, says) => {
    using project = await makeProject({ serving: true });
    const key = /key: (\S+)/.exec(project.read(document))![1]!;
    const stored = Object.keys(project.files()).find((path) => path.endsWith(key))!;
    if (content === null) rmSync(join(project.path, stored));
    else project.put(stored, content);
    const line =
      project
        .read(document)
        .split("\n")
        .findIndex((text) => text.includes("key:")) + 1;
    const problems = await problemsIn(project);
    expect(problems).toMatchObject([{ code, file: document, path: "spec.artifact.key", line, column: 10 }]);
    expect(problems[0]?.message).toMatch(says);
    expect(problems[0]?.message).toStartWith(`${stored}: `);
    expect(problems[0]?.hint).not.toBeEmpty();
    expect((await project.run(["validate"])).exitCode).toBe(1);
  });

  test("is not looked for where the store is outside the repository", async () => {
    using project = await makeProject({ serving: true });
    const file = "environments/mmsp.yaml";
    project.put(file, project.read(file).replace(/artifactStore: .*/, "artifactStore: s3://models"));
    expect(await problemsIn(project)).toEqual([]);
  });
});

test("broken rules are told with the line and column of what breaks them", async () => {
  using project = await makeProject({ serving: true });
  const file = "environments/dev/environment.yaml";
  const freeze = '  freeze:\n    - {from: "2026-12-24T00:00:00Z", to: "2026-12-23T00:00:00Z", reason: holidays}\n';
  const text = project.read(file).trimEnd();
  project.put(file, `${text}\n${freeze}`);
  rmSync(join(project.path, "environments/registry/fraud/2/kustomization.yaml"));
  const { stdout } = await project.run(["validate"]);
  const line = text.split("\n").length + 2;
  expect(stdout).toContain(`${file}:${line}:42 spec.freeze[0].to: is not after 2026-12-24T00:00:00Z`);
  expect(stdout).toContain("environments/registry/fraud/2/kustomization.yaml: is not there");
  expect(stdout).toEndWith("2 problems\n");
});

describe("every problem of every file", () => {
  const broken = {
    "environments/dev/environment.yaml": "kind: Environment\nspec: {steps: [5, 10}\n",
    "environments/prod/environment.yaml": "\u0000",
    "environments/registry/fraud/2/model-version.yaml": "kind: ModelVersion\n",
  };
  const brokenProject = async (): Promise<Project> => {
    const project = await makeProject({ serving: true });
    for (const [path, text] of Object.entries(broken)) project.put(path, text);
    return project;
  };

  test("is told at once, by file and line", async () => {
    using project = await brokenProject();
    const problems = await problemsIn(project);
    expect(new Set(problems.map(({ file }) => file))).toEqual(new Set(Object.keys(broken)));
    const places = problems.map(({ file = "", line = 0 }) => `${file}:${String(line).padStart(4, "0")}`);
    expect(places).toEqual(places.toSorted());
    const { stdout, exitCode } = await project.run(["validate"]);
    expect(exitCode).toBe(1);
    expect(stdout).toStartWith(
      "environments/dev/environment.yaml:2:15: the bracket that is opened here is not closed\n  hint: close it with ]",
    );
    expect(stdout).toContain("environments/prod/environment.yaml: is not UTF-8 text\n");
    expect(stdout).toEndWith(`${problems.length} problems\n`);
  });

  test("is an annotation in GitHub Actions, beside its line in the checkout", async () => {
    using project = await brokenProject();
    const inActions = (checkout: string) =>
      project.run(["validate", "--format", "github"], { GITHUB_WORKSPACE: checkout });
    const { stdout, exitCode } = await inActions(project.path);
    expect(exitCode).toBe(1);
    const lines = stdout.trimEnd().split("\n");
    expect(lines[0]).toStartWith(
      "::error file=environments/dev/environment.yaml,line=2,col=15,title=mmsp%3A yaml-invalid::the bracket",
    );
    expect(lines.slice(0, -1).every((line) => line.startsWith("::error file=environments/"))).toBe(true);
    expect(lines).toHaveLength((await problemsIn(project)).length + 1);
    const above = await inActions(join(project.path, ".."));
    expect(above.stdout).toStartWith(`::error file=${project.path.split("/").at(-1)}/environments/dev/`);
    expect((await inActions("/somewhere/else")).stdout).toStartWith("::error file=environments/dev/");
  });

  test("is JSON with --format json, as with --json, also where the command is refused", async () => {
    using project = await brokenProject();
    const [long, short] = [
      await project.run(["validate", "--format", "json"]),
      await project.run(["validate", "--json"]),
    ];
    expect(long).toEqual(short);
    expect(jsonOf(await project.run(["validate", "--format", "json", "-C", ".."]))).toMatchObject({
      status: "refused",
    });
  });

  test.each([
    ["--format gihtub", '--format takes text, json, github, not "gihtub"; did you mean "github"?'],
    ["--format github --json", "--json and --format github are two formats: give one"],
  ])("%s is refused", async (flags, message) => {
    using project = await makeProject();
    const { stderr, stdout, exitCode } = await project.run(["validate", ...flags.split(" ")]);
    expect(stderr + stdout).toContain(message);
    expect(exitCode).toBe(2);
  });

  test("a document that is gone while its kustomization stays is told", async () => {
    using project = await makeProject({ serving: true });
    const [version, deployment] = [
      "environments/registry/fraud/2/model-version.yaml",
      "environments/dev/models/fraud/deployment.yaml",
    ];
    for (const path of [version, deployment]) rmSync(join(project.path, path));
    expect(await problemsIn(project)).toMatchObject([
      { code: "document-missing", file: deployment, hint: "restore it from git, or delete the folder" },
      {
        code: "document-missing",
        file: version,
        hint: expect.stringContaining("mmsp register fraud --model-path FILE"),
      },
    ]);
  });
});

test("what is set in vain is noted, and is no problem", async () => {
  using project = await makeProject({ serving: true });
  const path = "environments/dev/environment.yaml";
  const gateway = "  gateway: {modelMemoryMib: 512}\n";
  const text = project
    .read(path)
    .replace(/backend: \w+/, "backend: triton")
    .trimEnd();
  project.put(path, `${text}\n  artifactStore: s3://bucket/models\n${gateway}`);
  const { stdout, exitCode } = await project.run(["validate"]);
  expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/documents are valid\n$/)]);
  expect(stdout).toMatch(
    /^note: environments\/dev\/environment.yaml:\d+:\d+ spec.gateway.modelMemoryMib: has no effect/,
  );
  const json = jsonOf(await project.run(["validate", "--json"]));
  expect(json).toMatchObject({ valid: true, problems: [], notices: [{ code: "setting-without-effect", file: path }] });
  const inActions = await project.run(["validate", "--format", "github"]);
  expect(inActions.stdout).toStartWith(`::notice file=${path},line=`);
});
