/**
 * A promotion that was planned before a rollback, and merged after it: the text calls a rejected version stable, and everybody
 * serves the one before. Every command speaks of what is served.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { HistoryOutput } from "../../../schemas/output/history.ts";
import { StatusOutput } from "../../../schemas/output/status.ts";
import { runGit } from "../../support/git.ts";
import { jsonOf, makeProject, type Project } from "../run-cli.ts";

setDefaultTimeout(60_000);

const deployment = "environments/dev/models/fraud/deployment.yaml";
let project: Project;

/** Commits as of a minute of 2026-01-31. */
async function commitAt(minute: string): Promise<void> {
  const env = { GIT_COMMITTER_DATE: `2026-01-31T12:${minute}:00Z` };
  await runGit(project.path, ["add", "--all"]);
  await runGit(project.path, ["commit", "--quiet", "--message", "State"], { env });
}

beforeAll(async () => {
  project = await makeProject({ serving: true });
  await project.git("update-ref", "-d", "HEAD");
  await commitAt("00");
  await project.mmsp("register", "fraud", "--model-path", "v1.onnx", "--version", "3", "--local");
  await project.mmsp("deploy", "fraud", "--version", "2", "--local");
  await project.mmsp("promote", "fraud", "--local");
  await commitAt("10");
  await project.mmsp("deploy", "fraud", "--version", "3", "--local");
  await commitAt("20");
  await project.git("switch", "--quiet", "--create", "promotion");
  await project.mmsp("promote", "fraud", "--local");
  await commitAt("25");
  await project.git("switch", "--quiet", "main");
  await project.mmsp("rollback", "fraud", "--reason", "scores drift", "--local");
  await commitAt("30");
  const env = { GIT_COMMITTER_DATE: "2026-01-31T12:40:00Z" };
  await runGit(project.path, ["merge", "--quiet", "--no-edit", "-X", "theirs", "promotion"], { env });
});

afterAll(() => project[Symbol.dispose]());

test("the text names the rejected version, and one before it is left to go back to", () => {
  const text = project.read(deployment);
  expect(text).toContain("stable: {version: 3,");
  expect(text).toContain("previous: [2, 1]");
  expect(text).toContain("- version: 3");
});

test("status shows what is served, does not date it by the version that is not, and names the command that mends it", async () => {
  const { deployments } = StatusOutput.parse(jsonOf(await project.run(["status", "--json"])));
  expect(deployments).toMatchObject([
    { stable: 2, previous: [1], since: null, passedOver: [{ version: 3, as: "stable" }] },
  ]);
  const lines = (await project.mmsp("status")).split("\n");
  expect(lines[1]).toMatch(/^dev {2}fraud {2}2 {7}- {7}1 {9}3 by person {2}-$/);
  expect(lines).toContain(
    "note: fraud in dev: the document names version 3 as stable, which is rejected: version 2 serves",
  );
  expect(lines).toContain("  hint: mmsp deploy fraud --version 2 --env dev writes down what is served");
});

test("history has the version that serves go on through the merge", async () => {
  const { periods } = HistoryOutput.parse(jsonOf(await project.run(["history", "fraud", "--json"])));
  expect(periods.filter(({ endedBy }) => endedBy === "serving")).toMatchObject([{ version: 2, phase: "stable" }]);
  expect(periods.some(({ version, phase }) => version === 3 && phase === "stable")).toBe(false);
});

test("gc, list and show say of each version the same", async () => {
  const rows = async (...args: readonly string[]) =>
    (await project.mmsp(...args)).split("\n").map((line) => line.replaceAll(/ {2,}/g, " | "));
  expect((await rows("gc", "--local")).slice(1, 4)).toEqual([
    "fraud | 1 | keep | previous in dev",
    "fraud | 2 | keep | stable in dev",
    "fraud | 3 | keep | rejected in dev",
  ]);
  expect((await rows("list", "fraud")).slice(1, 4).map((row) => row.split(" | ").at(-1))).toEqual([
    "dev rejected",
    "dev stable",
    "dev previous",
  ]);
  expect((await rows("show", "fraud", "3"))[0]).toBe("fraud 3 | dev rejected");
});

test("diff tells of a merge that moves no traffic what it is", async () => {
  expect(await project.mmsp("diff", "HEAD~1")).toBe("fraud dev: named though rejected + stable 3\n");
});

test("validate names the command that mends it", async () => {
  const { exitCode, stdout, stderr } = await project.run(["validate"]);
  expect(exitCode).toBe(1);
  expect(stdout + stderr).toContain("version 3 is rejected");
  expect(stdout + stderr).toContain("mmsp deploy fraud --version 2 --env dev writes down what is served");
});

test("a rollback that names no version takes the good one out for nobody; with --to it does", async () => {
  const before = project.files();
  const refused = await project.run(["rollback", "fraud", "--local"]);
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain(
    "the document of fraud in dev names version 3 as stable, which is rejected already: version 2 serves",
  );
  expect(refused.stderr).toContain("mmsp deploy fraud --version 2 --env dev writes down what is served");
  expect(refused.stderr).toContain("mmsp rollback fraud --to 1 --env dev takes version 2 out");
  expect(project.files()).toEqual(before);
  const asked = await project.run(["rollback", "fraud", "--to", "1", "--local", "--dry-run"]);
  expect(asked.stderr).toContain("Roll back fraud 2 in dev, version 1 serves");
});

test("the deploy that the hints name mends the document, and then a rollback is one again", async () => {
  await project.mmsp("deploy", "fraud", "--version", "2", "--env", "dev", "--local");
  expect(await project.mmsp("validate")).toContain("are valid");
  const { deployments } = StatusOutput.parse(jsonOf(await project.run(["status", "--json"])));
  expect(deployments).toMatchObject([{ stable: 2, passedOver: [], since: expect.any(String) }]);
  const { stderr } = await project.run(["rollback", "fraud", "--version", "2", "--local", "--dry-run"]);
  expect(stderr).toContain("Roll back fraud 2 in dev, version 1 serves");
  // The rejection is of a moment ago: without the number, nobody knows whether the person has seen it.
  const unclear = await project.run(["rollback", "fraud", "--local", "--dry-run"]);
  expect([unclear.exitCode, unclear.stderr]).toEqual([
    1,
    expect.stringMatching(/version 3 of fraud, the canary in dev, was taken out .* by a person \(scores drift\)/),
  ]);
});

test("where every stable version is rejected, status says that nothing serves, or the canary alone, and what brings another", async () => {
  const text = project.read(deployment);
  const at = "2026-01-31T12:00:00Z";
  const rejections = [2, 1].map(
    (version) => `{version: ${version}, attempt: 1, at: "${at}", phase: stable, by: person, reason: x}`,
  );
  project.put(deployment, text.replace(/^ {2}rejected:\n[^]*$/m, `  rejected: [${rejections.join(", ")}]\n`));
  const told = await project.mmsp("status");
  expect(told).toContain("the document names version 2 as stable, which is rejected: nothing serves\n");
  expect(told).toContain("  hint: mmsp deploy fraud --version V --env dev serves another version\n");
  const canary = `  canary: {version: 3, attempt: 9, since: "${at}", weight: 10}\n`;
  project.put(deployment, project.read(deployment) + canary);
  expect(await project.mmsp("status")).toContain("which is rejected: only the canary serves, version 3\n");
  await project.git("checkout", "--quiet", "--", deployment);
  project.put(deployment, text);
});
