import { resolve } from "node:path";
import type { Command } from "../command.ts";
import { UsageError, writing } from "../flags.ts";
import { givenModel } from "./given-model.ts";
import { versionOf } from "./target.ts";
import { write } from "./write.ts";

const { env: _env, ...flags } = writing;

export const register: Command = {
  summary: "Register a version of a model: its file, signature and metrics, as a pull request",
  usage: "NAME --model-path FILE | --from-mlflow ADDRESS [--version V] [--metrics FILE] [--feature-order ...]",
  details:
    "Opens the ONNX file, reads its signature, runs one trial inference, and stores it under its digest.\n" +
    "A version never changes: the same file again is skipped, another file needs another version.\n" +
    "From MLflow come metrics, params, tags and the run too; NAME is the model's name there if you leave it out.\n" +
    "$MLFLOW_TRACKING_URI names the server, $MLFLOW_TRACKING_TOKEN (or _USERNAME and _PASSWORD) who you are.",
  flags: {
    "model-path": { type: "string", value: "FILE", help: "the model, an ONNX file" },
    "from-mlflow": {
      type: "string",
      value: "ADDRESS",
      help: "models:/NAME/VERSION, models:/NAME@alias, models:/NAME/STAGE or runs:/ID/path",
    },
    version: { type: "string", value: "V", help: "a whole number; default: the next free one" },
    metrics: { type: "string", value: "FILE", help: "JSON object of metric names and numbers" },
    baseline: { type: "string", value: "FILE", help: "Parquet sample of the training data" },
    "feature-order": {
      type: "string",
      value: "A,B",
      help: "names of the input's columns, or a JSON file with the list",
    },
    ...flags,
  },
  maxArgs: 1,
  examples: [
    "mmsp register fraud --model-path model.onnx --metrics metrics.json",
    "mmsp register fraud --model-path model.onnx --version 3 --feature-order amount,age --local",
    "mmsp register fraud --model-path model.onnx --dry-run",
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
    for (const warning of inspected.warnings) context.say(`${context.style.yellow("warning:")} ${warning}`);
    const { file, sha256, sizeBytes, signature, opset, producer } = inspected;
    const files = new Map([[sha256, inspected.bytes]]);
    if (baseline !== null) files.set(baseline.sha256, baseline.bytes);
    return await write(
      {
        verb: "register",
        model: given.model,
        version,
        artifact: { file, sha256, sizeBytes },
        signature,
        opset,
        producer,
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
      { given: files },
    );
  },
};

/** `a,b,c`, or a JSON file that holds the list. */
async function readFeatureOrder(
  text: string | undefined,
  at: (file: string) => string,
): Promise<readonly string[] | null> {
  if (text === undefined) return null;
  if (!text.endsWith(".json")) return text.split(",").map((name) => name.trim());
  let value: unknown;
  try {
    value = await Bun.file(at(text)).json();
  } catch {
    throw new UsageError(`--feature-order: ${text} cannot be read as JSON`);
  }
  if (Array.isArray(value) && value.every((name) => typeof name === "string")) return value;
  throw new UsageError(`--feature-order: ${text} must hold a list of names`);
}
