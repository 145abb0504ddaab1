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
    expect(problems).toMatchObject([{ code, file: document, path: "spec.artifact.key", line, column: 5 }]);
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
  expect(stdout).toContain(`${file}:${line}:38 spec.freeze[0].to: is not after 2026-12-24T00:00:00Z`);
  expect(stdout).toContain("environments/registry/fraud/2/kustomization.yaml: is not there");
  expect(stdout).toEndWith("2 problems\n");
});
