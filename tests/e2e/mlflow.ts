/**
 * `bun run e2e:mlflow`: the real `mmsp` against a real MLflow server with accounts, models that scikit-learn has trained, and the
 * test GitHub server. Says SKIPPED where MLflow cannot be installed; in CI that is a failure.
 */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeSharedFolders, temporaryFolder } from "../support/folder.ts";
import { logModels, startWorld, type World } from "./support/mlflow-world.ts";
import { startMlflow } from "./support/mlflow-server.ts";
import { pythonWith } from "./support/python.ts";
import { runScenarios, type Scenarios } from "./support/scenarios.ts";

await runScenarios(async (scenarios) => {
  const python = await pythonWith(join(import.meta.dir, "requirements-mlflow.txt"));
  using folder = temporaryFolder();
  // Of this run alone, so that what is left behind in it was left by it.
  process.env["TMPDIR"] = folder.path;
  await using server = await startMlflow(python, join(folder.path, "served"));
  const logged = await logModels(python, server.url);
  await using world = await startWorld(server, logged);
  await registering(world, scenarios);
  await serving(world, scenarios);
  await refusing(world, scenarios);
  await using unserved = await startMlflow(python, join(folder.path, "unserved"), [
    "--default-artifact-root",
    "s3://bucket/models",
    "--no-serve-artifacts",
  ]);
  await scenarios.scenario("artifacts that the server does not hand out are explained", async () => {
    await unserved.api("POST", "registered-models/create", { name: "fraud" });
    await unserved.api("POST", "model-versions/create", { name: "fraud", source: "s3://bucket/models/x", run_id: "" });
    const env = { MLFLOW_TRACKING_URI: unserved.url };
    const said = await world.refused(["register", "--from-mlflow", "models:/fraud/1"], env);
    assert.match(said, /its files are in s3:\/\/, which MLflow at \S+ does not serve artifacts/);
    assert.match(said, /hint: start it as `mlflow server --serve-artifacts/);
  });
  await scenarios.scenario("no folder with a downloaded model is left behind", () => {
    assert.deepEqual(
      readdirSync(tmpdir()).filter((name) => name.startsWith("mmsp-mlflow-")),
      [],
    );
  });
});
removeSharedFolders();

async function registering(world: World, { scenario }: Scenarios): Promise<void> {
  const { logged, mmsp, version } = world;
  const [first, second] = logged.versions;

  await scenario("a version is registered with metrics, params, tags, run and commit", async () => {
    await mmsp("register", "--from-mlflow", "models:/fraud/1", "--local");
    const { spec } = version("fraud", 1);
    assert.deepEqual(spec.metrics, { accuracy: first.accuracy });
    const { createdAt, createdBy, ...provenance } = spec.provenance;
    assert.match(createdAt, /^20/);
    assert.equal(createdBy, undefined);
    assert.deepEqual(provenance, {
      source: "models:/fraud/1",
      gitCommit: "0123456789abcdef0123456789abcdef01234567",
      mlflowRun: first.run,
      mlflowVersion: { model: "fraud", version: 1 },
      params: { C: "0.01", solver: "lbfgs", note: "two lines | `code` @everybody" },
      tags: { team: "risk" },
    });
    assert.match(await mmsp("validate"), /documents are valid/);
  });

  await scenario("an alias, a stage and latest are the version that they stand for now", async () => {
    const { spec } = await world.planned("models:/fraud@challenger");
    assert.equal(spec.provenance.source, "models:/fraud/2");
    assert.deepEqual(spec.provenance.tags, { approved: "yes", team: "risk" });
    for (const address of ["models:/fraud/Staging", "models:/fraud/staging", "models:/fraud/latest"]) {
      assert.deepEqual((await world.planned(address)).spec.provenance.mlflowVersion, { model: "fraud", version: 2 });
    }
    const same = await mmsp("register", "--from-mlflow", "models:/fraud@champion", "--local");
    assert.match(same, /nothing to do: version 1 of fraud has this file already/);
  });

  await scenario("a run's model, a logged model by its id and a single file are taken too, under a name", async () => {
    const ofRun = await world.planned(`runs:/${second.run}/model`, "scores");
    assert.equal(ofRun.spec.provenance.mlflowRun, second.run);
    assert.deepEqual(ofRun.spec.metrics, { accuracy: second.accuracy });
    assert.equal(ofRun.spec.provenance.mlflowVersion, undefined);
    const byId = await world.planned(`models:/${second.id}`, "scores");
    assert.equal(byId.spec.artifact.sha256, ofRun.spec.artifact.sha256);
    const inFolder = await world.planned(`runs:/${logged.odd}/one`, "scores");
    const single = await world.planned(`runs:/${logged.odd}/two/second.onnx`, "scores");
    assert.equal(inFolder.spec.artifact.sha256, single.spec.artifact.sha256);
  });

  await scenario("weights that a model keeps in a file beside it come along, and are gone afterwards", async () => {
    using fetched = await world.fetched("models:/wide/1");
    const folder = join(fetched.path, "..");
    const files = readdirSync(folder).toSorted();
    assert.equal(files.length, 2);
    assert.match(files.join(" "), /^\S+\.data model\.onnx$/);
    const [weights = ""] = files;
    assert.equal(Bun.file(join(folder, weights)).size, 20_000);
    const { artifact } = (await world.planned("models:/wide/1")).spec;
    assert.deepEqual(
      artifact.files?.map(({ file, sizeBytes }) => ({ file, sizeBytes })),
      [{ file: weights, sizeBytes: 20_000 }],
    );
    fetched[Symbol.dispose]();
    assert.throws(() => readdirSync(folder));
  });
}

async function serving(world: World, { scenario }: Scenarios): Promise<void> {
  const { mmsp, merged } = world;

  await scenario("the registration's pull request shows params and tags, as text", async () => {
    const body = await merged("register", "--from-mlflow", "models:/fraud/1");
    assert.match(body, /\| MLflow version \| `fraud 1` \|/);
    assert.match(body, /\| `note` \| ``two lines \\\| `code` @everybody`` \|/);
    assert.match(body, /### Tags\n\n\| Tag \| Version 1 \|/);
    assert.match(
      await merged("register", "--from-mlflow", "models:/fraud@challenger"),
      /\| `C` \| `0\.01` \| `1\.0` \|/,
    );
  });

  await scenario("sync after a merge gives the alias to what prod serves, and has nothing to do twice", async () => {
    await merged("deploy", "fraud", "--version", "1", "--env", "prod");
    await merged("deploy", "fraud", "--version", "2", "--env", "prod", "--canary", "20");
    await mmsp("mlflow", "sync");
    assert.deepEqual(await world.tagsOf(2), { approved: "yes", "mmsp.environment.prod": "canary" });
    const before = await world.state();
    await merged("promote", "fraud", "--env", "prod");
    const dry = await mmsp("mlflow", "sync", "--dry-run");
    assert.match(dry, /would give fraud 2 the alias champion, which 1 had \(fraud 2 is stable in prod\)/);
    assert.deepEqual(await world.state(), before);
    await mmsp("mlflow", "sync", "--repo", "acme/models");
    assert.deepEqual(await world.aliases(), { champion: 2, challenger: 2 });
    assert.deepEqual(await world.tagsOf(1), {});
    assert.match(await mmsp("mlflow", "sync"), /^nothing to do: MLflow says what git says of prod\n$/);
  });

  await scenario("a version that was rolled back is archived with the reason, and the alias goes back", async () => {
    await merged("rollback", "fraud", "--env", "prod", "--reason", "scores drift");
    const json = JSON.parse(await mmsp("mlflow", "sync", "--stages", "--json")) as Record<string, unknown>;
    assert.equal(json["status"], "synced");
    assert.deepEqual(await world.aliases(), { champion: 1, challenger: 2 });
    assert.deepEqual(await world.stages(), { 1: "Production", 2: "Archived" });
    const tags = await world.tagsOf(2);
    assert.equal(tags["mmsp.rejected"], "prod: scores drift");
    assert.equal(tags["mmsp.environment.prod"], "rejected");
    assert.match(await mmsp("mlflow", "sync", "--stages"), /^nothing to do/);
  });

  await scenario("deployed again by force it leaves the archive", async () => {
    await merged("deploy", "fraud", "--version", "2", "--env", "prod", "--force", "--canary", "10");
    await mmsp("mlflow", "sync");
    assert.deepEqual(await world.stages(), { 1: "Production", 2: "None" });
    assert.deepEqual(await world.tagsOf(2), { approved: "yes", "mmsp.environment.prod": "canary" });
  });

  await scenario("a version that is gone from MLflow is told, and stops nothing else", async () => {
    await world.server.api("DELETE", "model-versions/delete", { name: "fraud", version: "2" });
    assert.match(await mmsp("mlflow", "sync"), /note: MLflow has no version 2 of "fraud" any more/);
  });
}

async function refusing(world: World, { scenario }: Scenarios): Promise<void> {
  const odd = `runs:/${world.logged.odd}`;
  const cases: readonly (readonly [string, readonly string[], Readonly<Record<string, string>>, RegExp])[] = [
    ["an unknown model", ["models:/fruad/1"], {}, /no registered model "fruad"\n {2}hint: did you mean "fraud"\?/],
    ["an unknown version", ["models:/fraud/9"], {}, /no version 9 of "fraud"\n {2}hint: its newest is 1/],
    ["an unknown alias", ["models:/fraud@chalenger"], {}, /has no alias "chalenger"/],
    ["a stage that is empty", ["models:/fraud/Staging"], {}, /no version of "fraud" in the stage Staging/],
    ["an unknown run", [`runs:/${"f".repeat(32)}/model`, "fraud"], {}, /no run "f{32}"/],
    ["a folder that is not there", [`${odd}/nowhere`, "fraud"], {}, /there are no files/],
    ["a model without ONNX", ["models:/pickled/1"], {}, /no ONNX flavour, only .*sklearn\n {2}hint: .*log_model/],
    ["a folder without a model", [`${odd}/notes`, "fraud"], {}, /no ONNX flavour, and no \.onnx file/],
    [
      "two ONNX files",
      [`${odd}/two`, "fraud"],
      {},
      /2 ONNX files \(first\.onnx, second\.onnx\).*\n.*\/two\/first\.onnx/,
    ],
    ["a name that cannot be one here", ["models:/Odd.Name/1"], {}, /cannot name a model here\n.*register odd-name/],
    ["no credentials", ["models:/fraud/1"], { MLFLOW_TRACKING_PASSWORD: "" }, /asks for credentials, and none are set/],
    ["a wrong password", ["models:/fraud/1"], { MLFLOW_TRACKING_PASSWORD: "wrong-1" }, /those that are set are not/],
    ["a server that is away", ["models:/fraud/1"], { MLFLOW_TRACKING_URI: "http://127.0.0.1:1" }, /cannot be reached/],
    [
      "something else at the address",
      ["models:/fraud/1"],
      { MLFLOW_TRACKING_URI: world.elsewhere },
      /MLFLOW_TRACKING_URI/,
    ],
  ];
  for (const [name, [address = "", model], env, expected] of cases) {
    await scenario(`${name} is refused in people's words`, async () => {
      const args = ["register", ...(model === undefined ? [] : [model]), "--from-mlflow", address, "--local"];
      const said = await world.refused(args, env);
      assert.match(said, expected);
      assert.doesNotMatch(said, /wrong-1|correct-horse/);
    });
  }

  await scenario("who may only read cannot sync, and is told what is needed", async () => {
    await world.server.api("POST", "users/create", { username: "rita", password: "reader-password-1" });
    await world.merged("promote", "fraud", "--env", "prod");
    await world.mmsp("rollback", "fraud", "--env", "prod", "--local", "--reason", "odd");
    const env = { MLFLOW_TRACKING_USERNAME: "rita", MLFLOW_TRACKING_PASSWORD: "reader-password-1" };
    const said = await world.refused(["mlflow", "sync", "--alias", "best"], env);
    assert.match(said, /does not allow it .*\n {2}hint: ask for READ .*EDIT/);
    assert.deepEqual(await world.aliases(), { champion: 1 });
  });
}
