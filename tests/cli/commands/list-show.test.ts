import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { ListOutput } from "../../../schemas/output/list.ts";
import { ShowOutput } from "../../../schemas/output/show.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { jsonOf, makeProject, type Project } from "../run-cli.ts";

setDefaultTimeout(60_000);

let project: Project;

beforeAll(async () => {
  project = await makeProject({ serving: true });
  await project.mmsp("deploy", "fraud", "--version", "2", "--canary", "20", "--local");
  await project.commit();
  await project.mmsp("rollback", "fraud", "--reason", "scores drift", "--local");
  await project.commit();
});

afterAll(() => project[Symbol.dispose]());

const lines = async (...args: readonly string[]) => (await project.mmsp(...args)).split("\n");

describe("list", () => {
  test("names the models and what serves where", async () => {
    expect(await lines("list")).toEqual(["MODEL  VERSIONS  NEWEST  SERVES", "fraud         2       2  dev 1", ""]);
    expect(ListOutput.parse(jsonOf(await project.run(["list", "--json"])))).toEqual({
      kind: "models",
      models: [{ model: "fraud", versions: [1, 2], serves: [{ environment: "dev", stable: 1, canary: null }] }],
      unreadable: [],
    });
  });

  test("of a model has its versions, newest first, with digest, size and place", async () => {
    const [head, second, first] = await lines("list", "fraud");
    expect(head).toMatch(/^VERSION {2}DIGEST +SIZE {2}CREATED +METRICS {2}WHERE$/);
    expect(second).toMatch(/^2 +[0-9a-f]{12} +\d+ B {2}\S+Z {2}- +dev rejected$/);
    expect(first).toMatch(/^1 +[0-9a-f]{12} +\d+ B {2}\S+Z {2}- +dev stable$/);
    const output = ListOutput.parse(jsonOf(await project.run(["list", "fraud", "--json"])));
    expect(output).toMatchObject({ kind: "versions", versions: [{ version: 2 }, { version: 1 }] });
  });

  test("--env narrows it to what has a place there, and says where that is nothing", async () => {
    await project.mmsp("deploy", "fraud", "--version", "1", "--env", "staging", "--local");
    expect(await lines("list", "--env", "dev")).toEqual([
      "MODEL  VERSIONS  NEWEST  SERVES",
      "fraud         2       2  dev 1",
      "",
    ]);
    expect((await lines("list", "fraud", "--env", "staging")).slice(1)).toEqual([
      expect.stringMatching(/^1 .* staging stable$/),
      "",
    ]);
    expect(await project.mmsp("list", "--env", "prod")).toStartWith("no model is deployed in prod yet\n  hint: mmsp");
    expect(await project.mmsp("list", "fraud", "--env", "prod")).toBe("no version of fraud has a place in prod\n");
    const empty = ListOutput.parse(jsonOf(await project.run(["list", "--env", "prod", "--json"])));
    expect(empty).toEqual({ kind: "models", models: [], unreadable: [] });
    const slip = await project.run(["list", "--env", "prd"]);
    expect(slip).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('did you mean "prod"?') });
    await project.git("checkout", "--quiet", ".");
    await project.git("clean", "--quiet", "-fd");
  });

  test("says what it cannot count, of all models or of the one that is asked about", async () => {
    using broken = await makeProject({ serving: true });
    const [registry, served] = ["environments/registry/fraud", "environments/dev/models/fraud/deployment.yaml"];
    broken.put(`${registry}/2/model-version.yaml`, "kind: ModelVersion\n");
    broken.put(`${registry}/3/model-version.yml`, "\u0000");
    expect(await broken.mmsp("list")).toBe(
      "MODEL          VERSIONS  NEWEST  SERVES\n" +
        "fraud  1 + 2 unreadable       1  dev 1\n\n" +
        "2 documents cannot be read: see mmsp validate\n",
    );
    broken.put(served, "kind: ModelDeployment\n");
    broken.put("environments/registry/churn/1/model-version.yaml", "kind: ModelVersion\n");
    expect(await broken.mmsp("list")).toContain("fraud  1 + 2 unreadable       1  dev unreadable\n");
    expect(await broken.mmsp("list")).toContain("churn  0 + 1 unreadable       -  -\n");
    expect(await broken.mmsp("list", "churn")).toEndWith("\n\n1 document cannot be read: see mmsp validate\n");
    const listed = ListOutput.parse(jsonOf(await broken.run(["list", "fraud", "--json"])));
    expect(listed).toMatchObject({
      versions: [{ version: 1 }],
      unreadable: [served, `${registry}/2/model-version.yaml`, `${registry}/3/model-version.yml`],
    });
  });

  test("a slip in the name is told", async () => {
    const slip = await project.run(["list", "froud"]);
    expect(slip).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('did you mean "fraud"?') });
  });
});

test("environments stand in the order of promotions, wherever they are listed", async () => {
  using other = await makeProject({ serving: true });
  for (const environment of ["staging", "prod"]) {
    await other.mmsp("deploy", "fraud", "--version", "1", "--env", environment, "--local");
  }
  expect(await other.mmsp("list")).toContain("dev 1, staging 1, prod 1\n");
  expect(await other.mmsp("show", "fraud", "1")).toStartWith("fraud 1  dev stable, staging stable, prod stable\n");
  expect((await other.mmsp("status")).match(/^\w+(?= +fraud)/gm)?.join()).toBe("dev,staging,prod");
  expect((await other.mmsp("diff")).match(/(?<=^fraud )\w+/gm)?.join()).toBe("staging,prod");
});

test.each(["status", "list", "history"])("%s of two models at once is wrong usage", async (command) => {
  const both = await project.run([command, "fraud", "--name", "churn"]);
  expect(both).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('"fraud" and --name "churn"') });
});

describe("show", () => {
  test("is the card of a version: file, signature, where it serves and served, and why it left", async () => {
    const card = await project.mmsp("show", "fraud", "v2");
    expect(card).toMatch(/^fraud 2 {2}dev rejected\n\nCreated /);
    for (const part of [
      /^Digest +sha256:[0-9a-f]{64}$/m,
      /^Artifact +artifacts\/sha256\//m,
      /^Framework +onnx, opset \d+, IR version \d+$/m,
    ])
      expect(card).toMatch(part);
    expect(card).toMatch(/^Inputs\nNAME +DATATYPE +SHAPE\n\S+ +FP32 +\[-1, \d+\]$/m);
    expect(card).toMatch(/^dev {2}canary {2}20 % .* rolled back [0-9a-f]{7} by person: scores drift$/m);
    expect(card).toMatch(/^Rejected\nENV .*\ndev {2}\S+Z {2}person {2}canary, attempt 2 {2}scores drift$/m);
  });

  test("--json has the document, its places, periods and rejections", async () => {
    const output = ShowOutput.parse(jsonOf(await project.run(["show", "fraud", "2", "--json"])));
    expect(output).toMatchObject({
      spec: { version: 2 },
      places: [{ environment: "dev", as: "rejected" }],
      served: [{ environment: "dev", phase: "canary", weight: 20, endedBy: "rolled-back" }],
      rejected: [{ environment: "dev", reason: "scores drift" }],
      notices: [],
    });
    expect(Date.parse(output.lastServed ?? "")).toBeLessThanOrEqual(Date.now());
    const serving = ShowOutput.parse(jsonOf(await project.run(["show", "fraud", "1", "--json"])));
    expect(serving.served?.[0]).toMatchObject({ phase: "stable", weight: 100, until: null });
  });

  test("without git, the card says that its past is not known", async () => {
    using folder = temporaryFolder(
      Object.fromEntries(Object.entries(project.files()).filter(([name]) => name.startsWith("environments/"))),
    );
    const json = jsonOf(await project.run(["-C", folder.path, "show", "fraud", "1", "--json"]));
    expect(ShowOutput.parse(json)).toMatchObject({
      served: null,
      notices: [expect.stringContaining("no git repository")],
    });
  });

  test("says where the file is: where the variable says, and in environments with a store of their own", async () => {
    using other = await makeProject({ serving: true });
    const env = { MMSP_ARTIFACT_STORE: "s3://bucket/models" };
    const shown = (variables = {}) => other.run(["show", "fraud", "1", "--json"], variables).then(jsonOf);
    expect(await shown(env)).toMatchObject({ store: "s3://bucket/models" });
    expect(await shown()).toMatchObject({ store: "artifacts", stores: [] });
    const policy = "environments/dev/environment.yaml";
    other.put(policy, other.read(policy).replace("spec:\n", "spec:\n  artifactStore: file:///srv/dev\n"));
    expect(await shown()).toMatchObject({ stores: [{ environment: "dev", store: "file:///srv/dev" }] });
    expect(await other.mmsp("show", "fraud", "1")).toMatch(/^Artifact +artifacts\/sha256.*\nIn dev +file:\/\/\/srv/m);
  });

  test("a branch without a repository is wrong usage, as of every command that reads", async () => {
    const refused = await project.run(["show", "fraud", "2", "--base", "nowhere"]);
    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("--base names a branch of --repo") });
  });

  test("a version that is not there, and one that is none, are told", async () => {
    const missing = await project.run(["show", "fraud", "9"]);
    expect(missing).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("registered versions: 1, 2") });
    expect((await project.run(["show", "fraud"])).exitCode).toBe(2);
    expect((await project.run(["show", "fraud", "two"])).exitCode).toBe(2);
  });
});
