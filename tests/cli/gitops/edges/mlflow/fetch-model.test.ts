import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { openMlflow } from "../../../../../cli/gitops/edges/mlflow/open.ts";
import { OutsideError } from "../../../../../cli/gitops/core/ports.ts";
import { startFakeMlflow, type FakeMlflow } from "../../../../support/mlflow-fake.ts";
import { linearModel } from "../../../../support/models.ts";
import { problemOf } from "../../../../support/problems.ts";

const run = "0123456789abcdef0123456789abcdef";
const model = linearModel();

let server: FakeMlflow;
beforeEach(() => {
  server = startFakeMlflow();
});
afterEach(() => server[Symbol.dispose]());

const open = (env: Readonly<Record<string, string>> = {}) =>
  openMlflow({ MLFLOW_TRACKING_URI: server.url, ...env }, "mmsp-test", { timeoutMs: 5000, waitsMs: [1, 1] });
const fetchModel = (address: string) => open().fetchModel(address);
const refusal = (address: string) => problemOf(() => fetchModel(address));

/** Base name -> content of everything in the folder of a fetched file. */
function filesBeside(path: string): Record<string, Buffer> {
  const folder = dirname(path);
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));
}

describe("a model that MLflow has", () => {
  test("is downloaded with what is known of its training, into a folder that is gone afterwards", async () => {
    server.runs.set(run, {
      metrics: [
        { key: "auc", value: 0.9 },
        { key: "loss", value: "NaN" },
      ],
      params: { C: "0.1", note: "two\nlines" },
      tags: { "mlflow.user": "root", "mlflow.source.git.commit": "a".repeat(40), team: "risk" },
    });
    server.log("fraud", model, { run, tags: new Map([["approved", "yes"]]) });
    const fetched = await fetchModel("models:/fraud/1");
    expect(filesBeside(fetched.path)).toEqual({ "model.onnx": Buffer.from(model) });
    expect(fetched.provenance).toEqual({
      source: "models:/fraud/1",
      run,
      registered: { model: "fraud", version: 1 },
      gitCommit: "a".repeat(40),
      metrics: { auc: 0.9 },
      params: { C: "0.1", note: "two lines" },
      tags: { approved: "yes", team: "risk" },
      notices: ["metrics that are no finite number were left out: loss"],
    });
    fetched[Symbol.dispose]();
    expect(existsSync(dirname(fetched.path))).toBe(false);
  });

  test("is found by alias, stage, latest, run, file of a run, and its own id", async () => {
    const logged = `m-${run}`;
    server.log("fraud", linearModel({ bias: [0, 1] }));
    server.log("fraud", model, { stage: "Staging", run });
    server.models.get("fraud")!.aliases.set("champion", "1");
    server.runs.set(run, { models: { [logged]: "model" } });
    server.files.set(`1/models/${logged}/artifacts/model.onnx`, model);
    server.files.set(`1/${run}/artifacts/plain/only.onnx`, model);
    server.files.set(`1/${run}/artifacts/plain/note.txt`, "x");
    const sources: Record<string, string> = {};
    for (const address of [
      "models:/fraud@champion",
      "models:/fraud/staging",
      "models:/fraud/latest",
      `runs:/${run}/model`,
      `runs:/${run}/plain`,
      `runs:/${run}/plain/only.onnx`,
      `models:/${logged}`,
    ]) {
      using fetched = await fetchModel(address);
      sources[address] = `${fetched.provenance.source} ${fetched.provenance.run ?? "-"}`;
    }
    expect(sources).toEqual({
      "models:/fraud@champion": "models:/fraud/1 -",
      "models:/fraud/staging": `models:/fraud/2 ${run}`,
      "models:/fraud/latest": `models:/fraud/2 ${run}`,
      [`runs:/${run}/model`]: `runs:/${run}/model ${run}`,
      [`runs:/${run}/plain`]: `runs:/${run}/plain ${run}`,
      [`runs:/${run}/plain/only.onnx`]: `runs:/${run}/plain/only.onnx ${run}`,
      [`models:/${logged}`]: `models:/${logged} ${run}`,
    });
  });

  test("brings along the files that its bytes name, and no others", async () => {
    const folder = server.log("fraud", Buffer.concat([model, Buffer.from("weights-1.data")]));
    server.files.set(`${folder}/weights-1.data`, "w".repeat(1000));
    server.files.set(`${folder}/other.data`, "o");
    using fetched = await fetchModel("models:/fraud/1");
    expect(Object.keys(filesBeside(fetched.path)).toSorted()).toEqual(["model.onnx", "weights-1.data"]);
  });

  test("is taken without its run where that was deleted", async () => {
    server.log("fraud", model, { run });
    using fetched = await fetchModel("models:/fraud/1");
    expect(fetched.provenance).toMatchObject({ run: null, metrics: {} });
  });

  test("comes through where the server is away for a moment", async () => {
    server.log("fraud", model);
    let left = 2;
    server.hook = () => (left-- > 0 ? new Response("busy", { status: 503 }) : undefined);
    using fetched = await fetchModel("models:/fraud/1");
    expect(fetched.provenance.source).toBe("models:/fraud/1");
  });
});

describe("what cannot be registered is told in people's words", () => {
  test("what is not there, with what is", async () => {
    server.log("fraud", model, { stage: "Production" });
    server.models.get("fraud")!.aliases.set("champion", "1");
    const hints: Record<string, string> = {};
    for (const address of ["models:/fruad/1", "models:/fraud/7", "models:/fraud@campion", "models:/fraud/Staging"]) {
      const { message, hint } = await refusal(address);
      hints[message] = hint;
    }
    expect(hints).toEqual({
      'MLflow has no registered model "fruad"': 'did you mean "fraud"? it has: fraud',
      'MLflow has no version 7 of "fraud"': "its newest is 1",
      'the model "fraud" has no alias "campion" in MLflow': 'did you mean "champion"? its aliases: champion',
      'MLflow has no version of "fraud" in the stage Staging': "version 1 is in Production",
    });
    expect(await refusal("runs:/nothing/model")).toMatchObject({ code: "mlflow-run-unknown" });
  });

  test("folders without one ONNX file", async () => {
    server.runs.set(run, {});
    const put = (path: string, content: string) => server.files.set(`1/${run}/artifacts/${path}`, content);
    put("sk/MLmodel", "flavors:\n  sklearn: {pickled_model: model.pkl}\n");
    put("two/a.onnx", "a");
    put("two/b.onnx", "b");
    put("gone/MLmodel", "flavors:\n  onnx: {data: model.onnx}\n");
    const said: Record<string, string> = {};
    for (const folder of ["sk", "two", "gone", "nowhere"]) {
      const { code, message } = await refusal(`runs:/${run}/${folder}`);
      said[code + folder] = message.replace(`runs:/${run}/`, "");
    }
    expect(said).toEqual({
      "mlflow-no-onnxsk": "sk has no ONNX flavour, only sklearn",
      "mlflow-several-onnxtwo": "two has 2 ONNX files (a.onnx, b.onnx), and no MLmodel file that says which",
      "mlflow-artifact-missinggone": 'gone: its MLmodel file names "model.onnx", which is not there',
      "mlflow-artifact-missingnowhere": "nowhere: there are no files",
    });
  });

  test("what is too large is not downloaded, and a server that sends more than it said is stopped", async () => {
    const folder = server.log("fraud", model);
    server.sizes.set(`${folder}/model.onnx`, 3 * 1024 ** 3);
    expect(await refusal("models:/fraud/1")).toMatchObject({
      code: "mlflow-artifact-too-large",
      message: "models:/fraud/1: model.onnx has 3.0 GiB, and an ONNX file at most 2 GiB",
    });
    expect(server.calls.filter(({ path }) => path.endsWith("model.onnx"))).toEqual([]);
    server.sizes.set(`${folder}/model.onnx`, 10);
    expect((await refusal("models:/fraud/1")).message).toContain("sends more than the 10 bytes");
    server.sizes.set(`${folder}/model.onnx`, 10_000);
    expect(await fetchModel("models:/fraud/1").catch((error: unknown) => error)).toBeInstanceOf(OutsideError);
  });

  const places: readonly (readonly [string, string])[] = [
    ["s3://key:secret@bucket/x", "its files are in s3://, which"],
    ["/mnt/mlruns/1", "its files are in a path on the server's disk, which"],
    ["mlflow-artifacts://elsewhere:1/x", "its files are in mlflow-artifacts://, which"],
  ];
  for (const [place, said] of places) {
    test(`artifacts at ${place.replace(/:\/\/.*@/, "://...@")}, which the server does not hand out`, async () => {
      server.log("fraud", model, { place });
      const { code, message } = await refusal("models:/fraud/1");
      expect({ code, message }).toEqual({
        code: "mlflow-artifacts-not-served",
        message: expect.stringContaining(said),
      });
      expect(message).not.toContain("secret");
    });
  }

  test("a server without --serve-artifacts, at the first answer", async () => {
    server.log("fraud", model);
    const detail = "Artifact serving is disabled. Run `mlflow server` with `--serve-artifacts` to enable.";
    server.hook = ({ path }) =>
      path.includes("artifacts/") || path.endsWith("artifacts")
        ? Response.json({ detail }, { status: 503 })
        : undefined;
    expect(await refusal("models:/fraud/1")).toMatchObject({ code: "mlflow-artifacts-not-served" });
    expect(server.calls.filter(({ path }) => path.endsWith("artifacts"))).toHaveLength(1);
  });

  test("a file name that leads elsewhere is not taken for a file", async () => {
    server.runs.set(run, {});
    const files = [{ path: "../../evil.onnx", is_dir: false, file_size: 1 }];
    server.hook = ({ path }) => (path.endsWith("/artifacts") ? Response.json({ files }) : undefined);
    expect(await refusal(`runs:/${run}/model`)).toMatchObject({ code: "mlflow-artifact-missing" });
  });
});
