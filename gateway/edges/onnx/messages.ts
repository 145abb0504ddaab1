import type { ModelVersion } from "../../../schemas/model-version.ts";
import type { SessionOptions } from "../../core/ports.ts";
import type { Tensor } from "../../../schemas/tensor.ts";

/** What the trial found out about a model. */
export interface Trial {
  /** Milliseconds to open the session. */
  readonly loadMs: number;
  /** Milliseconds of one call at batch 1: the quickest of a few, with the made-up row that took longest. */
  readonly callMs: number;
  /** Elements of all inputs that a call on the event loop may bring. */
  readonly maxElements: number;
  /** Rows of different callers may run as one batch: the answers are the same, row by row. */
  readonly batches: boolean;
}

/** To the worker. One worker holds one model. */
export type ToWorker =
  | {
      readonly kind: "load";
      readonly spec: ModelVersion["spec"];
      /** Its bytes, or the path of its file. */
      readonly file: Uint8Array | string;
      readonly options: SessionOptions;
    }
  | { readonly kind: "infer"; readonly inputs: readonly Tensor[] }
  | { readonly kind: "close" };

/** From the worker; each answers the oldest message that has no answer yet. `failed` is the model's own fault. */
export type FromWorker =
  | { readonly kind: "loaded"; readonly trial: Trial }
  | { readonly kind: "inferred"; readonly outputs: readonly Tensor[] }
  | { readonly kind: "failed"; readonly message: string };

/** The buffers of tensors that can change hands instead of being copied. */
export function buffersOf(tensors: readonly Tensor[]): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const { data } of tensors) if ("buffer" in data && data.buffer instanceof ArrayBuffer) buffers.add(data.buffer);
  return [...buffers];
}
