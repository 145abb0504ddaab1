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

/** The signal that is aborted when nobody waits for the answer any more. */
export type Gone = () => AbortSignal;

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
   * queue is full, with `InputUnsupported` for what cannot be handed to it, with `DeadlineExceeded` when it has become clear that there will be no answer within as many
   * milliseconds (default: no limit), and with `CallerGone` where that has happened before the request's turn. `gone` is
   * asked only where the request has to wait; a call that is under way is not interrupted.
   */
  infer(inputs: readonly Tensor[], withinMs?: number, gone?: Gone): Promise<readonly Tensor[]>;
  /** Waits for what is running, then frees the memory. */
  close(): Promise<void>;
}

/** What a model is loaded from: its bytes; or a file, whose digest and whose neighbours' digests have been verified. */
export type ModelFile = Uint8Array | { readonly path: string; readonly remove: () => Promise<void> };

/** Where models run. */
export interface Runtime {
  /**
   * Verifies the digest of bytes, loads off the event loop, runs a trial. A file becomes the runtime's: it is removed when the
   * model is closed, or cannot be loaded. Throws a ProblemError that names the version.
   */
  load(version: ModelVersion, file: ModelFile, options: { readonly intraOpThreads: number }): Promise<LoadedModel>;
  close(): Promise<void>;
}

/** The model's own fault: an operator failed, an output is missing. Never the caller's. */
export class InferenceError extends Error {
  override readonly name = "InferenceError";
}

/** What the runtime cannot hand to any model. Says which value, and what is wrong with it. */
export class InputUnsupported extends Error {
  override readonly name = "InputUnsupported";
}

/** No room in the queue: neither the model's nor the caller's fault. */
export class Overloaded extends Error {
  override readonly name = "Overloaded";
}

/** Nobody waits for the answer any more. */
export class CallerGone extends Error {
  override readonly name = "CallerGone";
}

/** A version did not answer in its time. */
export class DeadlineExceeded extends Error {
  override readonly name = "DeadlineExceeded";
}
