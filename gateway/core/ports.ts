import type { ModelVersion, Signature } from "../../schemas/model-version.ts";
import type { Tensor } from "../../schemas/tensor.ts";

/** One state of what the gateway follows. */
export interface SourceState {
  /** Commit, or a digest of the texts where there is no git. */
  readonly revision: string;
  /** path -> text of the documents under environments/ */
  readonly files: ReadonlyMap<string, string>;
  /** Bytes of a file of this very state (artifacts of a repository-relative store). Throws a ProblemError. */
  readFile(path: string): Promise<Uint8Array>;
}

/** The one thing that a gateway follows: a directory or a git branch. */
export interface Source {
  /** For people: `dir /srv/models`, `git https://… main` (no credentials). */
  readonly description: string;
  /** The state now. Throws when it cannot be read; the caller keeps its last good state. */
  read(): Promise<SourceState>;
  /** Calls back when the state may have changed; returns how to stop. */
  watch(onChange: () => void): () => void;
}

/** A version in memory, warm. */
export interface LoadedModel {
  readonly model: string;
  readonly version: number;
  readonly sha256: string;
  readonly signature: Signature;
  readonly featureOrder: readonly string[] | null;
  /**
   * `inline`: on the event loop, for calls under a millisecond; `worker`: in a thread of its own. A model whose calls become
   * slow moves to a worker.
   */
  readonly place: "inline" | "worker";
  /** Milliseconds that a trial call took at load, with the made-up row that took longest. */
  readonly trialMs: number;
  /**
   * Runs the model once. Rejects with `InferenceError` when the model fails by its own fault, with `Overloaded` when its
   * queue is full, and with `DeadlineExceeded` when it has become clear that there will be no answer within as many
   * milliseconds (default: no limit); a call that is under way is not interrupted.
   */
  infer(inputs: readonly Tensor[], withinMs?: number): Promise<readonly Tensor[]>;
  /** Waits for what is running, then frees the memory. */
  close(): Promise<void>;
}

/** What a model is loaded from: its bytes; or a file, whose digest and whose neighbours' digests have been verified. */
export type ModelFile = Uint8Array | { readonly path: string; readonly remove: () => Promise<void> };

/** How a model is opened; what is left out, the runtime decides. */
export interface SessionOptions {
  readonly intraOpThreads: number;
  readonly interOpThreads?: number | undefined;
  readonly executionMode?: "sequential" | "parallel" | undefined;
  readonly graphOptimization?: "disabled" | "basic" | "extended" | "layout" | "all" | undefined;
  readonly memoryArena?: boolean | undefined;
}

/** Where models run. */
export interface Runtime {
  /**
   * Verifies the digest of bytes, loads off the event loop, runs a trial. A file becomes the runtime's: it is removed when the
   * model is closed, or cannot be loaded. Throws a ProblemError that names the version.
   */
  load(version: ModelVersion, file: ModelFile, options: SessionOptions): Promise<LoadedModel>;
  close(): Promise<void>;
}

/** The model's own fault: an operator failed, an output is missing. Never the caller's. */
export class InferenceError extends Error {
  override readonly name = "InferenceError";
}

/** No room in the queue: neither the model's nor the caller's fault. */
export class Overloaded extends Error {
  override readonly name = "Overloaded";
}

/** A version did not answer in its time. */
export class DeadlineExceeded extends Error {
  override readonly name = "DeadlineExceeded";
}
