import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { linearModel } from "../../support/models.ts";
import { jsonOf, makeProject, type Project } from "../run-cli.ts";

// Processes of their own take a while on a busy machine.
setDefaultTimeout(60_000);

const deployment = "environments/dev/models/fraud/deployment.yaml";

/** Lines that `git diff` shows as removed and added, without their file headers. */
async function changedLines(project: Project): Promise<readonly string[]> {
  const diff = await project.git("-c", "core.autocrlf=false", "diff", "--unified=0", "--no-color");
  return diff.split("\n").filter((line) => /^[-+]/.test(line) && !/^(---|\+\+\+) /.test(line));
}

describe("the whole life of a model in the working tree", () => {
  test("each command says what it wrote and who gets the traffic, and status follows", async () => {
    using project = await makeProject();
    const lines = async (...args: readonly string[]) => (await project.mmsp(...args)).trimEnd().split("\n");

    const registered = await lines("register", "fraud", "--model-path", "v1.onnx", "--local");
    expect(registered[0]).toBe("✓ Register fraud 1");
    expect(registered[1]).toMatch(/^ {2}wrote artifacts\/sha256\/[0-9a-f]{64}\/v1\.onnx$/);
    await project.mmsp("register", "fraud", "--model-path", "v2.onnx", "--local");
    expect(await lines("deploy", "fraud", "--version", "1", "--local")).toEqual([
      "✓ Deploy fraud 1 to dev as stable",
      `  wrote ${deployment}`,
      "  wrote environments/dev/models/fraud/kustomization.yaml",
      "  traffic: none -> version 1 stable 100 %",
      "  note: fraud is new in dev: version 1 becomes stable, at 100 %",
    ]);
    expect(await lines("deploy", "fraud", "--version", "v2", "--canary", "30%", "--local")).toContain(
      "  traffic: version 1 stable 100 % -> version 1 stable 70 %, version 2 canary 30 %",
    );
    const [head, row] = await lines("status");
    expect(head).toBe("ENV  MODEL  STABLE  CANARY     PREVIOUS  REJECTED  SINCE");
    expect(row).toMatch(/^dev {2}fraud {2}1 {7}2 at 30 % {2}- {9}- {9}\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(await lines("promote", "--name", "fraud", "--local")).toContain(
      "  traffic: version 1 stable 70 %, version 2 canary 30 % -> version 2 stable 100 %",
    );
    expect((await lines("rollback", "fraud", "--reason", "too slow", "--local"))[0]).toBe(
      "✓ Roll back fraud 2 in dev, version 1 serves",
    );
    expect((await lines("status", "fraud", "--env", "dev"))[1]).toMatch(/^dev {2}fraud {2}1 .* 2 by person /);
    expect(project.read(deployment)).toContain("too slow");
    expect(await lines("validate")).toEqual(["10 documents are valid"]);
  });

  test("what is so already is skipped with the reason, exit code 0, and nothing is touched", async () => {
    using project = await makeProject({ serving: true });
    const before = project.files();
    for (const args of [
      ["register", "fraud", "--model-path", "v1.onnx", "--version", "1"],
      ["deploy", "fraud", "--version", "1"],
      ["promote", "fraud", "--version", "1"],
    ]) {
      const text = await project.run([...args, "--local"]);
      expect(text).toMatchObject({ exitCode: 0, stderr: "" });
      expect(text.stdout).toMatch(/^nothing to do: .*1 .*\n$/);
      expect(jsonOf(await project.run([...args, "--local", "--json"]))).toMatchObject({ status: "skipped" });
    }
    expect(project.files()).toEqual(before);
  });

  test("--json is one object with the files, the traffic and the notices", async () => {
    using project = await makeProject();
    const run = async (...args: readonly string[]) => jsonOf(await project.run([...args, "--local", "--json"]));
    expect(await run("register", "fraud", "--model-path", "v1.onnx")).toMatchObject({
      status: "written",
      verb: "register",
      environment: null,
      model: "fraud",
      version: 1,
      paths: [expect.stringMatching(/^artifacts\//), expect.anything(), expect.anything()],
    });
    expect(await run("deploy", "fraud", "--version", "1", "--env", "staging")).toMatchObject({
      status: "written",
      environment: "staging",
      traffic: { before: [], after: [{ version: 1, phase: "stable", percent: 100 }] },
      notices: [expect.stringContaining("becomes stable")],
    });
    expect(jsonOf(await project.run(["status", "--json"]))).toMatchObject({
      deployments: [{ environment: "staging", model: "fraud", stable: 1, canary: null, served: [1] }],
      problems: [],
    });
    expect(jsonOf(await project.run(["validate", "--json"]))).toEqual({
      valid: true,
      documents: 8,
      problems: [],
      notices: [],
    });
  });

  test("$MMSP_ENV is the default environment, and --env wins over it", async () => {
    using project = await makeProject({ serving: true });
    const env = { MMSP_ENV: "staging" };
    const deploy = ["deploy", "fraud", "--version", "1", "--local", "--dry-run", "--json"];
    expect(jsonOf(await project.run(deploy, env))).toMatchObject({ environment: "staging" });
    expect(jsonOf(await project.run([...deploy, "--env", "prod"], env))).toMatchObject({ environment: "prod" });
  });

  test("--feature-order names the columns, from a list or from a JSON file; --metrics lands in the document", async () => {
    using project = await makeProject();
    project.put("metrics.json", '{"auc": 0.91}');
    project.put("order.json", '["amount", "age", "country"]');
    await project.mmsp("register", "a", "--model-path", "v1.onnx", "--feature-order", "amount, age,country", "--local");
    await project.mmsp(
      "register",
      "b",
      "--model-path",
      "v1.onnx",
      "--feature-order",
      "order.json",
      "--metrics",
      "metrics.json",
      "--local",
    );
    for (const model of ["a", "b"]) {
      expect(project.read(`environments/registry/${model}/1/model-version.yaml`)).toMatch(
        /featureOrder:\n +- amount\n +- age\n +- country\n/,
      );
    }
    expect(project.read("environments/registry/b/1/model-version.yaml")).toContain("auc: 0.91");
  });

  test("a missing file of --feature-order is told as such, and what to write", async () => {
    using project = await makeProject();
    const refused = await project.run([
      "register",
      "a",
      "--model-path",
      "v1.onnx",
      "--feature-order",
      "no.json",
      "--local",
    ]);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain("no.json: there is no such file");
    expect(refused.stderr).toContain("--feature-order amount,age");
  });

  test("--feature-order counts the columns of a model that leaves them open", async () => {
    using project = await makeProject();
    project.put("open.onnx", linearModel({ openColumns: true }));
    const register = ["register", "open", "--model-path", "open.onnx", "--local"];
    const refused = await project.run(register);
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("--feature-order") });
    await project.mmsp(...register, "--feature-order", "amount,age,country");
    expect(project.read("environments/registry/open/1/model-version.yaml")).toContain("- country");
  });
});

describe("--dry-run", () => {
  const commands = [
    ["register", "fraud", "--model-path", "v3.onnx"],
    ["deploy", "fraud", "--version", "2"],
    ["deploy", "fraud", "--version", "1", "--env", "prod"],
    ["promote", "fraud", "--to", "staging"],
  ];

  test.each(commands)(
    "of %s %s %s %s: nothing is written, and git applies the diff to what the command writes",
    async (...args) => {
      using project = await makeProject({ serving: true });
      project.put("v3.onnx", linearModel({ bias: [2, 3] }));
      const before = project.files();
      const { stdout, stderr, exitCode } = await project.run([...args, "--local", "--dry-run"]);
      expect(exitCode).toBe(0);
      expect(stderr).toContain("(dry run: nothing was written)");
      expect(stdout).toStartWith("diff --git a/environments/");
      expect(project.files()).toEqual(before);

      project.put("change.diff", stdout);
      await project.git("apply", "--check", "change.diff");
      await project.git("apply", "change.diff");
      const applied = documentsOf(project);
      await project.git("checkout", "--quiet", ".");
      await project.git("clean", "--quiet", "--force", "-d", "environments");
      await project.mmsp(...args, "--local");
      expect(applied).toEqual(documentsOf(project));
    },
  );

  test("as JSON holds the same diff", async () => {
    using project = await makeProject({ serving: true });
    const json = jsonOf(await project.run(["deploy", "fraud", "--version", "2", "--local", "--dry-run", "--json"]));
    expect(json).toMatchObject({
      status: "dry-run",
      version: 2,
      diff: expect.stringContaining("+  canary: {version: 2"),
    });
  });
});

describe("people's files", () => {
  const byHand = [
    "# ours; do not touch",
    "apiVersion:   mmsp.dev/v1alpha1",
    "kind: 'ModelDeployment'  # odd quotes",
    'metadata: {"name": fraud,   labels: { team: "risk" }}',
    "",
    "spec:",
    '    model: "fraud"',
    "    # who is in charge",
    "    stable: { version: 1 ,attempt: 1, since: '2026-11-20T09:12:00Z' } # the good one",
    "    canary:",
    "        version: 2   # on trial",
    "        attempt: 2",
    '        since: "2026-11-21T08:00:00Z"',
    "        weight: 10   # percent",
    "",
    "    # last words",
  ];

  test.each([
    ["LF", "\n", "\n"],
    ["CRLF", "\r\n", "\r\n"],
    ["no newline at the end", "\n", ""],
  ])("with comments, odd quotes and %s: a changed weight is one changed line", async (_, newline, end) => {
    using project = await makeProject({ serving: true });
    project.put(".gitattributes", "* -text\n");
    project.put(deployment, byHand.join(newline) + end);
    const kustomization = project.read("environments/dev/models/fraud/kustomization.yaml");
    project.put("environments/dev/models/fraud/kustomization.yaml", `${kustomization}  - ../../../registry/fraud/2\n`);
    await project.commit();
    expect(await project.mmsp("validate")).toContain("are valid");

    await project.mmsp("deploy", "fraud", "--version", "2", "--canary", "50", "--local");
    expect(project.read(deployment)).toBe(byHand.join(newline).replace("weight: 10", "weight: 50") + end);
    expect(await project.git("diff", "--numstat")).toBe(`1\t1\t${deployment}`);
  });

  test("a promotion keeps every comment, and changes stable, canary and previous alone", async () => {
    using project = await makeProject({ serving: true });
    project.put(deployment, `${byHand.join("\n")}\n`);
    await project.mmsp("deploy", "fraud", "--version", "2", "--canary", "20", "--local");
    await project.commit();
    await project.mmsp("promote", "fraud", "--local");
    const text = project.read(deployment);
    for (const kept of byHand.slice(0, 8)) expect(text).toContain(`${kept}\n`);
    expect(text).toContain("# the good one");
    expect(text).toContain("# last words");
    const changed = await changedLines(project);
    expect(changed.filter((line) => !/stable|canary|version|attempt|since|weight|previous/.test(line))).toEqual([]);
    expect(await project.mmsp("validate")).toContain("are valid");
  });
});

function documentsOf(project: Project): Readonly<Record<string, string>> {
  // The moment of writing is the one thing that two runs may not share.
  const documents = Object.entries(project.files()).filter(([path]) => path.startsWith("environments/"));
  return Object.fromEntries(documents.map(([path, text]) => [path, text.replaceAll(/"\d{4}-[^"]*Z"/g, '"a time"')]));
}

test("status keeps the row of a model whose document is broken, for people and for programs", async () => {
  using project = await makeProject({ serving: true });
  project.put(deployment, "spec: [");
  const shown = await project.run(["status"]);
  expect(shown).toMatchObject({ exitCode: 0, stderr: "" });
  expect(shown.stdout).toMatch(/^dev {2}fraud {2}unreadable /m);
  expect(shown.stdout).toContain("hint: mmsp validate tells every problem");
  const place = { environment: "dev", model: "fraud" };
  expect(jsonOf(await project.run(["status", "fraud", "--env", "dev", "--json"]))).toMatchObject({
    deployments: [],
    unreadable: [place],
  });
  expect(jsonOf(await project.run(["status", "--env", "prod", "--json"]))).toMatchObject({ unreadable: [] });
});
