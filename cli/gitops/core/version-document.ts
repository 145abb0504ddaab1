import { oneLine } from "../../../schemas/plain-text.ts";
import type { ModelVersion } from "../../../schemas/model-version.ts";
import { artifactKey } from "./artifacts.ts";
import type { RegisterCommand } from "./change.ts";

/** The document that registers what a command describes, under a number. */
export function versionDocument(command: RegisterCommand, version: number, now: string): ModelVersion {
  const { model, signature, opset, producer, featureOrder, metrics, baseline, provenance } = command;
  const { irVersion = null, parameters = null } = command;
  const { source, gitCommit, createdBy } = provenance;
  return {
    apiVersion: "mmsp.dev/v1alpha1",
    kind: "ModelVersion",
    metadata: { name: `${model}-${version}` },
    spec: {
      model,
      version,
      framework: "onnx",
      artifact: artifactOf(command.artifact),
      signature,
      ...(featureOrder ? { featureOrder: [...featureOrder] } : {}),
      ...(baseline ? { baseline: baselineOf(baseline) } : {}),
      ...(metrics ? { metrics: { ...metrics } } : {}),
      ...(opset === null ? {} : { opset }),
      ...(irVersion === null ? {} : { irVersion }),
      ...(producer === null ? {} : { producer: oneLine(producer) }),
      ...(parameters === null ? {} : { parameters }),
      provenance: {
        ...(source === null ? {} : { source: oneLine(source) }),
        ...(gitCommit === null ? {} : { gitCommit }),
        createdAt: now,
        ...(createdBy === null ? {} : { createdBy: oneLine(createdBy) }),
        ...mlflowFields(provenance.mlflow ?? null),
      },
    },
  };
}

/** Each file has a place of its own in the store: weights that several versions share are there once. */
function artifactOf({ file, sha256, sizeBytes, files = [], uri = null }: RegisterCommand["artifact"]) {
  const keyOf = (digest: string, name: string) => (uri === null ? { key: artifactKey(digest, name) } : {});
  const beside = files.map((other) => ({
    file: other.file,
    ...keyOf(other.sha256, other.file),
    sha256: other.sha256,
    sizeBytes: other.sizeBytes,
  }));
  return {
    ...(uri === null ? keyOf(sha256, file) : { uri }),
    sha256,
    sizeBytes,
    ...(beside.length === 0 ? {} : { files: beside }),
  };
}

function mlflowFields(mlflow: RegisterCommand["provenance"]["mlflow"]): Partial<ModelVersion["spec"]["provenance"]> {
  if (!mlflow) return {};
  const { run, registered, params, tags } = mlflow;
  return {
    ...(run === null ? {} : { mlflowRun: run }),
    ...(registered === null ? {} : { mlflowVersion: { ...registered } }),
    ...(Object.keys(params).length === 0 ? {} : { params: { ...params } }),
    ...(Object.keys(tags).length === 0 ? {} : { tags: { ...tags } }),
  };
}

function baselineOf({ file, sha256, sizeBytes, rows }: NonNullable<RegisterCommand["baseline"]>) {
  return { key: artifactKey(sha256, file), sha256, sizeBytes, rows };
}
