import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { jsonOf, makeProject, type Project } from "../run-cli.ts";

// Processes of their own take a while on a busy machine.
setDefaultTimeout(60_000);

const deployment = "environments/dev/models/fraud/deployment.yaml";

/** Lines that `git diff` shows as removed and added, without their file headers. */
async function changedLines(project: Project): Promise<readonly string[]> {
  const diff = await project.git("-c", "core.autocrlf=false", "diff", "--unified=0", "--no-color");
  return diff.split("\n").filter((line) => /^[-+]/.test(line) && !/^(---|\+\+\+) /.test(line));
}

describe("the way to stable, in the working tree", () => {
  test("a canary goes through the steps that were recorded with it, and is promoted after the last", async () => {
    using project = await makeProject({ serving: true });
    const deploy = (...args: readonly string[]) =>
      project.run(["deploy", "fraud", "--version", "2", "--local", ...args]);
    expect((await deploy("--steps", "5,50%", "--json")).stdout).toContain("goes in steps: 5 % now, then 50 %");
    expect(project.read(deployment)).toMatch(/^ {2}canary: .*weight: 5, steps: \[5, 50\]\}$|^ {4}steps: \[5, 50\]$/m);
    expect(await project.mmsp("status")).toContain("2 at 5 %, then 50");
    expect(jsonOf(await project.run(["status", "--json"]))).toMatchObject({
      deployments: [{ canary: { version: 2, weight: 5, steps: [5, 50] } }],
    });
    await project.commit();
    expect((await deploy("--canary", "next")).stdout).toContain("version 2 canary 50 %");
    const lines = await changedLines(project);
    expect(lines).toHaveLength(2);
    expect(lines.join()).toMatch(/weight: 5\b.*weight: 50\b/);
    const last = await deploy("--canary", "next");
    expect(last).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("hint: mmsp promote fraud") });
    await project.mmsp("promote", "fraud", "--local");
    expect(project.read(deployment)).not.toContain("steps");
    expect((await deploy("--steps", "5,x")).exitCode).toBe(2);
  });

  test("promote --all makes every canary stable, says what it had to leave out, and what it would do", async () => {
    using project = await makeProject({ serving: true });
    await project.mmsp("register", "churn", "--model-path", "v1.onnx", "--local");
    await project.mmsp("register", "churn", "--model-path", "v2.onnx", "--local");
    await project.mmsp("deploy", "churn", "--version", "1", "--local");
    for (const model of ["churn", "fraud"]) await project.mmsp("deploy", model, "--version", "2", "--local");
    await project.commit();
    const dry = await project.run(["promote", "--all", "--local", "--dry-run"]);
    expect(dry.stderr).toStartWith("Promote 2 canaries to stable in dev (dry run: nothing was written)\n");
    expect(await changedLines(project)).toEqual([]);
    project.put("change.diff", dry.stdout);
    await project.git("apply", "--check", "change.diff");

    const document = "environments/dev/models/churn/deployment.yaml";
    const lock = '  lock: {reason: audit, by: ann, at: "2026-11-20T09:12:00Z"}\n';
    project.put(document, project.read(document) + lock);
    const wouldBe = await project.run(["promote", "--all", "--local", "--dry-run"]);
    expect(wouldBe).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("churn in dev was locked by ann") });
    const partly = await project.run(["promote", "--all", "--local", "--json"]);
    expect(partly.exitCode).toBe(1);
    expect(jsonOf(partly)).toMatchObject({
      status: "written",
      partial: true,
      verb: "promote",
      environment: "dev",
      title: "Promote fraud 2 to stable in dev",
      changes: [{ model: "fraud", version: 2, traffic: { after: [{ version: 2, percent: 100 }] } }],
      left: [{ model: "churn", version: 2, problems: [{ code: "model-locked" }] }],
      paths: [expect.stringContaining("fraud/deployment.yaml")],
    });
    expect((await project.run(["promote", "--all", "--local"])).stderr).toContain("churn in dev was locked by ann");
    expect(await project.mmsp("promote", "--all", "--to", "staging", "--local")).toBe(
      [
        "✓ Promote 2 versions to staging",
        "  wrote environments/staging/models/churn/deployment.yaml",
        "  wrote environments/staging/models/churn/kustomization.yaml",
        "  wrote environments/staging/models/fraud/deployment.yaml",
        "  wrote environments/staging/models/fraud/kustomization.yaml",
        "  churn: none -> version 1 stable 100 %",
        "    note: nothing of churn is served in staging: version 1 becomes stable, at 100 %",
        "  fraud: none -> version 2 stable 100 %",
        "    note: nothing of fraud is served in staging: version 2 becomes stable, at 100 %",
        "",
      ].join("\n"),
    );
    expect(await project.mmsp("validate")).toContain("documents are valid");
  });

  test.each([
    ["promote fraud --all", "--all is every model"],
    ["promote --all --auto-merge", "--all and --auto-merge exclude each other"],
    ["promote --all --wait --local", "--wait and --local exclude each other"],
    ["promote --all --version 2", "--all and --version exclude each other"],
    ["promote fraud --replace", "--replace goes with --to"],
    ["promote --all --local --repo a/b", "--local and --repo exclude each other"],
  ])("mmsp %s is a slip: exit code 2", async (line, says) => {
    using project = await makeProject({ serving: true });
    const { exitCode, stderr } = await project.run(line.split(" "));
    expect({ exitCode, says: stderr.includes(says) }).toEqual({ exitCode: 2, says: true });
  });
});
