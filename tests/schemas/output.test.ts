import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { commands } from "../../cli/commands.ts";
import { cliEnv, main, makeProject } from "../cli/run-cli.ts";
import { expectOutput } from "../support/output.ts";

const refused = { status: "refused", problems: [{ code: "usage", message: "which model?", hint: "mmsp --help" }] };

describe("the documented shape of --json", () => {
  test.each(Object.keys(commands))("%s has one, which a refusal fits as well", (command) => {
    expect(existsSync(new URL(`../../schemas/output/${command}.ts`, import.meta.url))).toBe(true);
    expectOutput(command, refused);
  });

  test.each(Object.keys(commands))("%s: what is left out, misspelled or added does not fit", (command) => {
    for (const wrong of [{}, { ...refused, more: 1 }, { status: "refuse", problems: [] }, [refused], "refused", null]) {
      expect(() => expectOutput(command, wrong)).toThrow(`not what schemas/output/${command}.ts says`);
    }
  });

  test("of a change: each status has its own fields, and none of another's", () => {
    const common = {
      verb: "deploy",
      environment: "dev",
      model: "fraud",
      version: 2,
      title: "Deploy fraud 2 to dev at 10 %",
      traffic: { before: [], after: [{ version: 2, phase: "canary", percent: 10 }] },
      notices: [],
    };
    const own = {
      published: { pullRequest: { number: 1, url: "https://host/1", branch: "mmsp/x", action: "opened" } },
      committed: { commit: { oid: "abc", url: "https://host/abc" } },
      written: { paths: ["environments/dev/models/fraud/deployment.yaml"] },
      "dry-run": { diff: "" },
    };
    for (const [status, fields] of Object.entries(own)) {
      expectOutput("deploy", { status, ...common, ...fields });
      expect(() => expectOutput("deploy", { status, ...common })).toThrow("required");
      const others = Object.entries(own).filter(([name]) => name !== status && name !== "committed");
      for (const [, more] of others) {
        const both = { status, ...common, ...fields, ...more };
        if (status !== "dry-run" || !("pullRequest" in more)) expect(() => expectOutput("deploy", both)).toThrow();
      }
    }
    expectOutput("deploy", { status: "skipped", reason: "version 2 is stable in dev already" });
  });
});

test("no command loads zod or ajv's compiler: of the schemas only types are used", async () => {
  using project = await makeProject({ serving: true });
  const preload = ["--preload", join(import.meta.dir, "../support/without-zod.ts")];
  const lines = [
    "status --json",
    "validate",
    "deploy fraud --version 2 --local --dry-run",
    "--help",
    "nonsense --json",
  ];
  const load = Bun.spawn([process.execPath, ...preload, "-e", 'await import("zod")'], { stderr: "pipe" });
  expect(await load.stderr.text()).toContain("was loaded");
  for (const line of lines) {
    const command = [process.execPath, ...preload, main, ...line.split(" ")];
    const child = Bun.spawn(command, { cwd: project.path, env: cliEnv(), stdout: "ignore", stderr: "pipe" });
    expect(await child.stderr.text(), line).not.toContain("was loaded");
    expect(await child.exited, line).toBe(line.startsWith("nonsense") ? 2 : 0);
  }
});
