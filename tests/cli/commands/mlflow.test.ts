import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { temporaryFolder } from "../../support/folder.ts";
import { startFakeMlflow, type FakeMlflow } from "../../support/mlflow-fake.ts";
import { linearModel } from "../../support/models.ts";
import { jsonOf, makeProject, spawnCli, type Project } from "../run-cli.ts";

// Processes of their own take a while on a busy machine.
setDefaultTimeout(60_000);

const token = "token-0123456789";
const run = "0123456789abcdef0123456789abcdef";

let server: FakeMlflow;
let project: Project;
beforeEach(async () => {
  server = startFakeMlflow();
  project = await makeProject();
  server.runs.set(run, { metrics: [{ key: "auc", value: 0.9 }], params: { C: "1" } });
  server.log("fraud", linearModel({ bias: [0, 1] }), { run });
});
afterEach(() => {
  server[Symbol.dispose]();
  project[Symbol.dispose]();
});

const mmsp = (...args: readonly string[]) =>
  project.run(args, { MLFLOW_TRACKING_URI: server.url, MLFLOW_TRACKING_TOKEN: token });

describe("register --from-mlflow", () => {
  test("writes the version with its provenance, under MLflow's name, and the same file is skipped", async () => {
    const args = ["register", "--from-mlflow", "models:/fraud/1", "--local"];
    const first = await mmsp(...args);
    expect(first).toMatchObject({ exitCode: 0, stderr: "", stdout: expect.stringMatching(/^✓ Register fraud 1\n/) });
    const document = project.read("environments/registry/fraud/1/model-version.yaml");
    expect(document).toContain("  metrics: {auc: 0.9}\n");
    expect(document).toContain(
      `    mlflowRun: "${run}"\n    mlflowVersion: {model: fraud, version: 1}\n    params: {C: "1"}\n`,
    );
    expect(await project.mmsp("validate")).toContain("documents are valid");
    expect((await mmsp(...args)).stdout).toContain("nothing to do: version 1 of fraud has this file already");
    expect(server.calls[0]).toMatchObject({ authorization: `Bearer ${token}` });
  });

  test("a file that is no model is told by MLflow's name for it", async () => {
    const folder = server.log("broken", Buffer.from("not a model at all"));
    const { stderr, exitCode } = await mmsp("register", "--from-mlflow", "models:/broken/1", "--local");
    expect(exitCode).toBe(1);
    expect(stderr).toStartWith("error: models:/broken/1: is not an ONNX model");
    expect(stderr).not.toContain(folder);
  });

  test("a name is needed where MLflow has none that fits, before anything is downloaded", async () => {
    const wrong = await mmsp("register", "--from-mlflow", "models:/My Model/1");
    expect(wrong.stderr).toContain("mmsp register my-model --from-mlflow models:/My Model/1");
    expect(await mmsp("register", "--from-mlflow", `runs:/${run}/model`)).toMatchObject({ exitCode: 2 });
    const both = await mmsp("register", "fraud", "--from-mlflow", "models:/fraud/1", "--model-path", "v1.onnx");
    expect(both).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("exclude each other") });
    expect(server.calls).toEqual([]);
  });

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    test(`${signal} during the download leaves nothing behind, and ends it as it ends every program`, async () => {
      using temporary = temporaryFolder();
      const { promise: asked, resolve: tell } = Promise.withResolvers<void>();
      const { promise: never, resolve: end } = Promise.withResolvers<Response>();
      server.hook = ({ path }) => {
        if (!path.endsWith("/model.onnx")) return undefined;
        tell();
        return never;
      };
      const env = { MLFLOW_TRACKING_URI: server.url, TMPDIR: temporary.path };
      const child = spawnCli(["register", "--from-mlflow", "models:/fraud/1", "--local"], { cwd: project.path, env });
      await asked;
      const left = () => readdirSync(temporary.path).filter((name) => name.startsWith("mmsp-mlflow-"));
      expect(left()).toHaveLength(1);
      child.kill(signal);
      await child.exited;
      end(new Response());
      expect(child.signalCode).toBe(signal);
      expect(left()).toEqual([]);
    });
  }
});

describe("mlflow sync", () => {
  const state = () => {
    const { aliases, versions } = server.models.get("fraud")!;
    const said = [...versions].map(([number, { stage, tags }]) => [number, stage, Object.fromEntries(tags)]);
    return { champion: aliases.get("champion"), versions: said };
  };

  test("follows git from a first version to a rollback, and says what it did", async () => {
    server.log("fraud", linearModel({ bias: [1, 0] }));
    for (const version of ["1", "2"]) await mmsp("register", "--from-mlflow", `models:/fraud/${version}`, "--local");
    expect((await mmsp("mlflow", "sync")).stdout).toContain("nothing to do: no model that prod serves has a version");
    for (const version of ["1", "2"]) {
      await project.mmsp("deploy", "fraud", "--version", version, "--env", "prod", "--local");
    }
    await project.mmsp("promote", "fraud", "--env", "prod", "--local");
    const before = state();
    const dry = await mmsp("mlflow", "sync", "--dry-run");
    expect(dry.stdout).toStartWith("would give fraud 2 the alias champion (fraud 2 is stable in prod)\n");
    expect(state()).toEqual(before);
    expect(jsonOf(await mmsp("mlflow", "sync", "fraud", "--json"))).toMatchObject({
      status: "synced",
      environment: "prod",
      alias: "champion",
      actions: [
        { kind: "set-alias", version: 2, from: null },
        { kind: "set-tag", value: "stable" },
      ],
    });
    await project.mmsp("rollback", "fraud", "--env", "prod", "--reason", "scores drift", "--local");
    expect((await mmsp("mlflow", "sync")).stdout).toContain("✓ move fraud 2 from the stage None to Archived");
    expect(state()).toEqual({
      champion: "1",
      versions: [
        ["1", "None", { "mmsp.environment.prod": "stable" }],
        [
          "2",
          "Archived",
          {
            "mmsp.archived": "prod",
            "mmsp.environment.prod": "rejected",
            "mmsp.rejected": "prod: scores drift",
          },
        ],
      ],
    });
    expect(jsonOf(await mmsp("mlflow", "sync", "--json"))).toMatchObject({ status: "skipped", actions: [] });
  });

  test("what stops it half way is told with what was done, and the next run goes on", async () => {
    await mmsp("register", "--from-mlflow", "models:/fraud/1", "--local");
    await project.mmsp("deploy", "fraud", "--version", "1", "--env", "prod", "--local");
    server.hook = ({ path }) => (path.endsWith("set-tag") ? new Response("no", { status: 403 }) : undefined);
    const stopped = await mmsp("mlflow", "sync");
    expect(stopped.exitCode).toBe(1);
    expect(stopped.stdout).toMatch(
      /^✓ give fraud 1 the alias champion .*\nerror: changing models:\/fraud\/1: MLflow at /,
    );
    expect(jsonOf(await mmsp("mlflow", "sync", "--json"))).toMatchObject({ status: "refused" });
    server.hook = undefined;
    expect((await mmsp("mlflow", "sync")).stdout).toBe(
      "✓ tag fraud 1 with mmsp.environment.prod=stable (so git says of fraud 1)\n",
    );
  });

  test("a document that cannot be read stops it: what it says may be served", async () => {
    project.put("environments/dev/models/fraud/deployment.yaml", "spec: [\n");
    const { stderr, exitCode } = await mmsp("mlflow", "sync");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("environments/dev/models/fraud/deployment.yaml:");
    expect(server.calls).toEqual([]);
  });

  test("a slip of the pen is told before MLflow is asked", async () => {
    const wrong: readonly (readonly [readonly string[], number, string])[] = [
      [[], 2, "mmsp mlflow sync"],
      [["snyc"], 2, "did you mean sync?"],
      [["sync", "frud"], 1, 'there is no model "frud"'],
      [["sync", "--env", "prd"], 1, 'did you mean "prod"?'],
      [["sync", "--alias", "v1"], 2, "cannot be an alias in MLflow"],
    ];
    for (const [args, exitCode, said] of wrong) {
      expect(await mmsp("mlflow", ...args)).toMatchObject({ exitCode, stderr: expect.stringContaining(said) });
    }
    expect(server.calls).toEqual([]);
  });
});
