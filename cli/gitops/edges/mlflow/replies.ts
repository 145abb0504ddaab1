import type { MlflowRun, MlflowVersion } from "../../core/mlflow-provenance.ts";
import type { ArtifactFile } from "../../core/mlflow-artifacts.ts";

/*
 * MLflow's replies, as measured from MLflow 3.17: versions are strings, empty lists and maps are left out, a metric that is
 * not a number is the string "NaN", an infinite one the largest double. What is missing or of another type reads as empty.
 */

type Record_ = Readonly<Record<string, unknown>>;

/** `value[key]` as an object; an empty one where it is none. */
export function objectAt(value: unknown, key: string): Record_ {
  const found = at(value, key);
  return isObject(found) ? found : {};
}

export function textAt(value: unknown, key: string): string {
  const found = at(value, key);
  return typeof found === "string" ? found : typeof found === "number" ? String(found) : "";
}

export function listAt(value: unknown, key: string): readonly unknown[] {
  const found = at(value, key);
  return Array.isArray(found) ? found : [];
}

/** `{"model_version": {...}}`, and the entries of `model_versions`; null where it names no version. */
export function versionOf(reply: unknown): MlflowVersion | null {
  const version = Number(textAt(reply, "version"));
  if (!Number.isInteger(version) || version < 1) return null;
  return {
    model: textAt(reply, "name"),
    version,
    run: textAt(reply, "run_id") || null,
    stage: textAt(reply, "current_stage") || "None",
    tags: new Map(pairsAt(reply, "tags")),
  };
}

/** `{"run": {"info": ..., "data": ..., "outputs": ...}}` */
export function runOf(reply: unknown): MlflowRun {
  const run = objectAt(reply, "run");
  const [info, data, outputs] = [objectAt(run, "info"), objectAt(run, "data"), objectAt(run, "outputs")];
  return {
    id: textAt(info, "run_id"),
    artifactUri: textAt(info, "artifact_uri"),
    metrics: listAt(data, "metrics").map((entry) => [textAt(entry, "key"), numberAt(entry, "value")]),
    params: pairsAt(data, "params"),
    tags: pairsAt(data, "tags"),
    models: listAt(outputs, "model_outputs").map((entry) => textAt(entry, "model_id")),
  };
}

/** `{"files": [{"path": "model.onnx", "is_dir": false, "file_size": 524}]}`; an empty folder, and a missing one, is `{}`. */
export function filesOf(reply: unknown): ArtifactFile[] {
  return listAt(reply, "files")
    .filter((entry) => at(entry, "is_dir") !== true)
    .map((entry) => ({ name: textAt(entry, "path"), sizeBytes: numberAt(entry, "file_size") }))
    .filter(({ name, sizeBytes }) => isFileName(name) && sizeBytes >= 0);
}

/** It becomes the name of a file here: nothing that leads elsewhere. */
function isFileName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && name.length <= 255 && !/[/\\\p{Cc}]/u.test(name);
}

function pairsAt(value: unknown, key: string): (readonly [string, string])[] {
  return listAt(value, key).map((entry) => [textAt(entry, "key"), textAt(entry, "value")] as const);
}

/** NaN where it is no number. */
function numberAt(value: unknown, key: string): number {
  const found = at(value, key);
  return typeof found === "number" ? found : typeof found === "string" && found !== "" ? Number(found) : Number.NaN;
}

function at(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function isObject(value: unknown): value is Record_ {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
