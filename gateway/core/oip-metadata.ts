import type { Signature, TensorSpec } from "../../schemas/model-version.ts";
import type { Route, RoutingTable } from "./route.ts";
import type { Statistics, Tally } from "./statistics.ts";

/** By the protocol's name for models that ONNX Runtime runs. */
export const platform = "onnxruntime_onnx";

/** Reply of `GET /v2`; the extensions by Triton's names. */
export function serverMetadata(version: string) {
  return { name: "mmsp", version, extensions: ["binary_tensor_data", "model_repository", "statistics"] };
}

export interface ModelMetadata {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

/** Reply of `GET /v2/models/{m}[/versions/{v}]`; `versions` are those that answer now. */
export function modelMetadata(name: string, versions: readonly number[], signature: Signature): ModelMetadata {
  return {
    name,
    versions: versions.toSorted((a, b) => a - b).map(String),
    platform,
    inputs: signature.inputs,
    outputs: signature.outputs,
  };
}

/** Versions that are in memory and answer. */
export function openVersions({ loaded, closed }: Route): readonly number[] {
  return [...loaded.keys()].filter((version) => !closed.has(version)).toSorted((a, b) => a - b);
}

/** One version in the reply of `POST /v2/repository/index`. */
export interface IndexEntry {
  readonly name: string;
  /** "" of a model that nothing can be served of. */
  readonly version: string;
  readonly state: "READY" | "UNAVAILABLE";
  /** Why it is unavailable. */
  readonly reason: string;
}

/** Reply of `POST /v2/repository/index`: what answers and, unless only that is asked for, what does not, and why. */
export function repositoryIndex({ models, unserved }: RoutingTable, onlyReady: boolean): readonly IndexEntry[] {
  const entries: IndexEntry[] = [];
  for (const route of models.values()) {
    const { model: name, loaded, documents, closed } = route;
    const versions = new Set([...loaded.keys(), ...documents.keys(), ...closed.keys()]);
    for (const version of [...versions].toSorted((a, b) => a - b)) {
      const reason = closed.get(version) ?? (loaded.has(version) ? "" : "it is not loaded now; GET /status says why");
      entries.push({ name, version: String(version), state: reason === "" ? "READY" : "UNAVAILABLE", reason });
    }
  }
  for (const name of unserved) {
    if (models.has(name)) continue;
    entries.push({ name, version: "", state: "UNAVAILABLE", reason: "it cannot be served now; GET /status says why" });
  }
  return onlyReady ? entries.filter(({ state }) => state === "READY") : entries;
}

const nothing: Tally = { count: 0, ns: 0 };

/**
 * One entry of `model_stats` in the statistics extension. Requests are counted, whatever rows they bring; an attempt's whole
 * time counts as `compute_infer`, as its parts are not timed one by one.
 */
export function versionStatistics(statistics: Pick<Statistics, "of">, name: string, version: number) {
  const { success, fail, lastAt } = statistics.of(name, version) ?? { success: nothing, fail: nothing, lastAt: 0 };
  return {
    name,
    version: String(version),
    last_inference: lastAt,
    inference_count: success.count,
    execution_count: success.count + fail.count,
    inference_stats: {
      success,
      fail,
      queue: nothing,
      compute_input: nothing,
      compute_infer: success,
      compute_output: nothing,
      cache_hit: nothing,
      cache_miss: nothing,
    },
    batch_stats: [],
  };
}
