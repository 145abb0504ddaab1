import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { HistoryOutput } from "../../../schemas/output/history.ts";
import { runGit } from "../../support/git.ts";
import { jsonOf, makeProject, runCli, type Project } from "../run-cli.ts";

setDefaultTimeout(60_000);

let project: Project;

/** Commits as of a minute of 2026-01-31, as somebody called Ada. */
async function commitAt(minute: string, message: string): Promise<void> {
  const date = `2026-01-31T12:${minute}:00Z`;
  const env = { GIT_COMMITTER_DATE: date, GIT_AUTHOR_NAME: "Ada" };
  await runGit(project.path, ["add", "--all"]);
  await runGit(project.path, ["commit", "--quiet", "--message", message], { env });
}

beforeAll(async () => {
  project = await makeProject({ serving: true });
  await runGit(project.path, ["update-ref", "-d", "HEAD"]);
  await commitAt("00", "Deploy fraud 1 to dev (#1)");
  await project.mmsp("deploy", "fraud", "--version", "2", "--canary", "20", "--local");
  await commitAt("10", "Deploy fraud 2 to dev at 20 % (#2)");
  await project.mmsp("rollback", "fraud", "--reason", "scores drift", "--local");
  await commitAt("20", "Roll back fraud 2");
});

afterAll(() => project[Symbol.dispose]());

const rows = async (...args: readonly string[]) =>
  (await project.mmsp("history", ...args))
    .trimEnd()
    .split("\n")
    .map((line) => line.split(/ {2,}/));

test("a table says which version served when, through which change, and why it ended", async () => {
  const [head, ...body] = await rows("fraud");
  expect(head).toEqual(["ENV", "VERSION", "PHASE", "WEIGHT", "FROM", "UNTIL", "BY", "CHANGE", "ENDED"]);
  const rolledBack = "rolled back COMMIT by person: scores drift";
  expect(body.map((row) => row.map((cell) => cell.replaceAll(/\b[0-9a-f]{7}\b/g, "COMMIT")).join(" | "))).toEqual([
    `dev | 2 | canary | 20 % | 2026-01-31T12:10:00Z | 2026-01-31T12:20:00Z | Ada | COMMIT #2 | ${rolledBack}`,
    "dev | 1 | stable | 80-100 % | 2026-01-31T12:00:00Z | - | Ada | COMMIT #1 | serving",
  ]);
});

test("--json has every share apart, with the digest of the file", async () => {
  const output = HistoryOutput.parse(jsonOf(await project.run(["history", "fraud", "--env", "dev", "--json"])));
  expect(output.source).toBe("main");
  expect(output.periods.map(({ version, weight, endedBy }) => [version, weight, endedBy])).toEqual([
    [1, 100, "serving"],
    [1, 80, "reweighted"],
    [2, 20, "rolled-back"],
    [1, 100, "reweighted"],
  ]);
  const document = project.read("environments/registry/fraud/2/model-version.yaml");
  expect(document).toContain(output.periods[2]?.sha256 ?? "none");
});

test("--at tells what served then, whatever offset the time is said in", async () => {
  const then = async (at: string) => {
    const output = HistoryOutput.parse(jsonOf(await project.run(["history", "fraud", "--at", at, "--json"])));
    return {
      at: output.at,
      shares: output.periods.map(({ version, weight }) => [version, weight]),
      notices: output.notices,
    };
  };
  const canary = {
    at: "2026-01-31T12:15:00Z",
    shares: [
      [1, 80],
      [2, 20],
    ],
    notices: [],
  };
  expect(await then("2026-01-31T12:15Z")).toEqual(canary);
  expect(await then("2026-01-31T13:15:00+01:00")).toEqual(canary);
  expect((await then("2026-01-31T12:09:59Z")).shares).toEqual([[1, 100]]);
  expect(await then("2026-02-01")).toEqual({
    at: "2026-02-01T00:00:00Z",
    shares: [[1, 100]],
    notices: ["2026-02-01 is taken as 2026-02-01T00:00Z"],
  });
  const text = await project.mmsp("history", "fraud", "--at", "2026-01-31T12:15Z");
  expect(text).toMatch(/^fraud at 2026-01-31T12:15:00Z\nENV .*\ndev {2}stable {2}1 .* sha256:[0-9a-f]{64}\n/);
  expect(await project.mmsp("history", "fraud", "--at", "2020-01-01T00:00Z")).toBe(
    "fraud was not served at 2020-01-01T00:00:00Z\n",
  );
});

test("--at now tells what serves, and git knows nothing of what will", async () => {
  const { at, periods } = HistoryOutput.parse(jsonOf(await project.run(["history", "fraud", "--at", "now", "--json"])));
  expect(Date.parse(at ?? "")).toBeGreaterThan(Date.parse("2026-01-31T12:20:00Z"));
  expect(periods).toMatchObject([{ version: 1, weight: 100, endedBy: "serving" }]);
  const { exitCode, stdout, stderr } = await project.run(["history", "fraud", "--at", "2999-01-01T00:00Z"]);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
  expect(stderr).toContain('"2999-01-01T00:00Z" is after now');
});

test("a time that is none, or without an offset, is wrong usage", async () => {
  for (const at of ["yesterday", "2026-02-30", "2026-01-31T25:00Z", "2026-01-31T12:00", "2026-01-31T12:00+1"]) {
    const { exitCode, stderr } = await project.run(["history", "fraud", "--at", at]);
    expect({ at, exitCode }).toEqual({ at, exitCode: 2 });
    expect(stderr).toContain(at);
  }
});

test("a slip in a name is told, and so is a folder that is no clone", async () => {
  const slip = await project.run(["history", "frauds"]);
  expect(slip).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('did you mean "fraud"?') });
  const wrong = await project.run(["history", "fraud", "--env", "prd"]);
  expect(wrong).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('did you mean "prod"?') });
  expect((await project.run(["history", "fraud", "--env", "prod"])).stdout).toBe("fraud was never served\n");
  const outside = await runCli(["history", "fraud"], { cwd: "/" });
  expect(outside).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("mmsp.yaml") });
});
