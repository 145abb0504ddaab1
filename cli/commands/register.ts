import { basename, isAbsolute, relative, resolve } from "node:path";
import type { Command } from "../command.ts";
import { UsageError, writing } from "../flags.ts";
import { modelOf, versionOf } from "./target.ts";
import { write } from "./write.ts";

const { env: _env, ...flags } = writing;

export const register: Command = {
  summary: "Register a version of a model: its file, signature and metrics, as a pull request",
  usage: "NAME --model-path FILE [--version V] [--metrics FILE] [--baseline FILE] [--feature-order a,b,...]",
  details:
    "Opens the ONNX file, reads its signature, runs one trial inference, and stores it under its digest.\n" +
    "A version never changes: the same file again is skipped, another file needs another version.",
  flags: {
    "model-path": { type: "string", value: "FILE", help: "the model, an ONNX file" },
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
  ],

  async run(input, context) {
    const model = modelOf(input);
    const path = input.text("model-path");
    if (path === undefined) throw new UsageError("--model-path is missing: which file?");
    const { edges, cwd } = context;
    const at = (file: string): string => resolve(cwd, file);
    const featureOrder = await readFeatureOrder(input.text("feature-order"), at);
    const metricsPath = input.text("metrics");
    const baselinePath = input.text("baseline");
    const metrics = metricsPath === undefined ? null : await edges.readMetrics(at(metricsPath));
    const baseline = baselinePath === undefined ? null : await edges.readBaseline(at(baselinePath), featureOrder);
    const inspected = await edges.inspectModel(at(path), featureOrder);
    for (const warning of inspected.warnings) context.say(`${context.style.yellow("warning:")} ${warning}`);
    const facts = await edges.gitFacts(cwd);
    const { file, sha256, sizeBytes, signature, opset, producer } = inspected;
    const given = new Map([[sha256, inspected.bytes]]);
    if (baseline !== null) given.set(baseline.sha256, baseline.bytes);
    return write(
      {
        verb: "register",
        model,
        version: versionOf(input, "version"),
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
        provenance: { source: shownPath(cwd, at(path)), gitCommit: facts.commit, createdBy: facts.user },
      },
      input,
      context,
      { given },
    );
  },
};

/** The path below the working folder; of a file elsewhere only its name: where somebody's folders are is not for git. */
function shownPath(cwd: string, path: string): string {
  const below = relative(cwd, path);
  return below.startsWith("..") || isAbsolute(below) ? basename(path) : below;
}

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
