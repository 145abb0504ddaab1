import type { MlflowAction } from "./mlflow-sync.ts";
import type { MlflowModelState } from "./mlflow-sync.ts";
import type { MlflowProvenance } from "./mlflow-provenance.ts";

/** A model that was fetched: its file in a temporary folder, which is there until this is disposed of. */
export interface FetchedModel extends Disposable {
  /** The ONNX file; files that it keeps weights in are beside it. */
  readonly path: string;
  readonly provenance: MlflowProvenance;
}

/** A tracking server with its model registry. Throws a ProblemError or an OutsideError; no secret is in either. */
export interface Mlflow {
  /** `address`: `models:/...` or `runs:/...`. */
  fetchModel(address: string): Promise<FetchedModel>;
  /** What the registry says of a model; null where it has none of that name. */
  readModel(name: string): Promise<MlflowModelState | null>;
  /** Idempotent. */
  apply(action: MlflowAction): Promise<void>;
}
