import { resolve } from "node:path";
import type { Command } from "../command.ts";
import { writing } from "../flags.ts";
import type { Content } from "../gitops/core/ports.ts";
import { fail } from "../../schemas/problem.ts";
import { givenModel, type GivenModel } from "./given-model.ts";
import { versionOf } from "./target.ts";
import { write } from "./write.ts";

const { env: _env, ...flags } = writing;

export const register: Command = {
  summary: "Register a version of a model: its file, signature and metrics, as a pull request",
  usage: "NAME --model-path FILE | --from-mlflow ADDRESS [--version V] [--metrics FILE] [...]",
  details:
    "Opens the ONNX file, reads its signature, runs one trial inference, and stores it under its digest, with the files\n" +
    "beside it that it keeps weights in. One by its https address stays there: only its digest is recorded.\n" +
    "A version never changes: the same file again is skipped, another file needs another version.\n" +
    "From MLflow come metrics, params, tags and the run too; NAME is the model's name there if you leave it out.\n" +
    "$MLFLOW_TRACKING_URI names the server, $MLFLOW_TRACKING_TOKEN (or _USERNAME and _PASSWORD) who you are.",
  flags: {
    "model-path": { type: "string", value: "FILE", help: "the model, an ONNX file, or its https address" },
    "from-mlflow": {
      type: "string",
      value: "ADDRESS",
      help: "models:/NAME/VERSION, models:/NAME@alias, models:/NAME/STAGE or runs:/ID/path",
    },
    sha256: { type: "string", value: "DIGEST", help: "refuse any other file than the one with this SHA-256" },
    version: {
      type: "string",
      value: "V",
      help: "a whole number; default: the next free one",
      completes: "next-version",
    },
    metrics: { type: "string", value: "FILE", help: "JSON object of metric names and numbers" },
    baseline: { type: "string", value: "FILE", help: "Parquet sample of the training data" },
    "feature-order": {
      type: "string",
      value: "A,B",
      help: "names of the input's columns, or a JSON file with the list",
      completes: "file",
    },
    ...flags,
  },
  maxArgs: 1,
  examples: [
    "mmsp register fraud --model-path model.onnx --metrics metrics.json",
    "mmsp register fraud --model-path model.onnx --version 3 --feature-order amount,age --local",
    "mmsp register fraud --model-path model.onnx --dry-run",
    "mmsp register fraud --model-path https://models.example.com/fraud.onnx",
    "mmsp register --from-mlflow models:/fraud@champion",
    "mmsp register fraud --from-mlflow runs:/0123456789abcdef0123456789abcdef/model",
  ],

  async run(input, context) {
    const version = versionOf(input, "version");
    using given = await givenModel(input, context);
    const { edges, cwd } = context;
    const at = (file: string): string => resolve(cwd, file);
    const featureOrder = await readFeatureOrder(input.text("feature-order"), at);
    const metricsPath = input.text("metrics");
    const baselinePath = input.text("baseline");
    const metrics = metricsPath === undefined ? given.metrics : await edges.readMetrics(at(metricsPath));
    const baseline = baselinePath === undefined ? null : await edges.readBaseline(at(baselinePath), featureOrder);
    const inspected = await edges.inspectModel(given.path, featureOrder).catch(given.explain);
    checkDigest(input.text("sha256"), inspected.sha256, given);
    for (const warning of inspected.warnings) context.say(`${context.style.yellow("warning:")} ${warning}`);
    const { file, sha256, sizeBytes, content, files, signature, opset, irVersion, producer, parameters } = inspected;
    const contents = new Map<string, Content>([[sha256, content]]);
    for (const other of files) contents.set(other.sha256, other.content);
    if (baseline !== null) contents.set(baseline.sha256, new Blob([Uint8Array.from(baseline.bytes)]));
    return await write(
      {
        verb: "register",
        model: given.model,
        version,
        artifact: { file, sha256, sizeBytes, files, uri: given.uri },
        signature,
        opset,
        irVersion,
        producer,
        parameters,
        featureOrder,
        metrics,
        baseline: baseline && {
          file: baseline.file,
          sha256: baseline.sha256,
          sizeBytes: baseline.sizeBytes,
          rows: baseline.rows,
        },
        provenance: given.provenance,
      },
      input,
      context,
      { given: contents },
    );
  },
};

function checkDigest(wanted: string | undefined, sha256: string, { path, uri }: GivenModel): void {
  if (wanted === undefined || wanted.toLowerCase().replace(/^sha256:/, "") === sha256) return;
  const message = `has the sha256 ${sha256}, but --sha256 says ${wanted}`;
  const hint = "find out who changed the file; nothing was registered";
  fail({ code: "artifact-digest", file: uri ?? path, message, hint });
}

/** `a,b,c`, or a JSON file that holds the list. */
async function readFeatureOrder(
  text: string | undefined,
  at: (file: string) => string,
): Promise<readonly string[] | null> {
  if (text === undefined) return null;
  if (!text.endsWith(".json")) return text.split(",").map((name) => name.trim());
  const refuse = (message: string): never => {
    const hint = 'write it as ["amount", "age"], or say the names themselves: --feature-order amount,age';
    return fail({ code: "feature-order-file", file: text, message, hint });
  };
  const file = Bun.file(at(text));
  if (!(await file.exists())) return refuse("there is no such file");
  const value: unknown = await file.json().catch(() => refuse("cannot be read as JSON"));
  if (Array.isArray(value) && value.every((name) => typeof name === "string")) return value;
  return refuse("must hold a list of names");
}
