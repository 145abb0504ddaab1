import { expect, setDefaultTimeout, test } from "bun:test";
import type { Problem } from "../../../schemas/problem.ts";
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
