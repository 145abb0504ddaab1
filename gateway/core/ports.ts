import type { Cut } from "../../schemas/cut.ts";
import type { Phase } from "../../schemas/model-deployment.ts";
import type { ModelVersion, Signature } from "../../schemas/model-version.ts";
import type { Problem } from "../../schemas/problem.ts";
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

/** A version in memory, warm: the gateway's own, or a model server's. */
export interface LoadedModel {
  readonly model: string;
  readonly version: number;
  readonly sha256: string;
  readonly signature: Signature;
  readonly featureOrder: readonly string[] | null;
  /**
   * `inline`: on the event loop, for calls under a millisecond; `worker`: in a thread of its own. A model whose calls become
   * slow moves to a worker. `server`: on a model server.
   */
  readonly place: "inline" | "worker" | "server";
  /** Milliseconds that a trial call took at load, with the made-up row that took longest. */
  readonly trialMs: number;
  /**
   * Runs the model once. Rejects with `InferenceError` when the model fails by its own fault, with `Overloaded` when its
   * queue is full, with `InputUnsupported` for what cannot be handed to it, with `Unavailable` and `InputRefused` where it is on
   * a server, with `DeadlineExceeded` when it has become clear that there will be no answer within as many milliseconds
   * (default: no limit), and with `CallerGone` where that has happened before the request's turn. `gone` is asked only where the
   * request has to wait; a call that is under way in this process is not interrupted, one on a server is given up. `ownMs` is
   * what a caller waits who has set no time of its own (default: `withinMs`): a call in a worker that takes much longer is left to
   * itself, and the model loaded again; a server that is late says less where the caller gave it less.
   */
  infer(inputs: readonly Tensor[], withinMs?: number, gone?: Gone, ownMs?: number): Promise<readonly Tensor[]>;
  /** Why every request fails for now, where that is the version's own doing; null while it is not so. */
  broken?(): string | null;
  /**
   * Where the model's server speaks the Open Inference Protocol itself: runs a request of it that nobody has read, and gives the
   * reply as it came. Rejects as `infer` does; what is wrong with the request shows only then.
   */
  forward?(request: RawMessage, withinMs: number, gone?: Gone, ownMs?: number): Promise<RawMessage>;
  /** Why it cannot be asked now, where its server may unload it or go away; null while it can. */
  absence?(): Problem | null;
  /** Waits for what is running, then frees the memory. */
  close(): Promise<void>;
}

/** A message of the Open Inference Protocol over HTTP, which may end with binary tensors. */
export interface RawMessage {
  readonly body: Uint8Array;
  readonly contentType: string | null;
  /** Bytes of JSON before the binary tensors (`Inference-Header-Content-Length`); null: all of the body is JSON. */
  readonly jsonBytes: number | null;
}

/** What a model is loaded from: its bytes; or a file, whose digest and whose neighbours' digests have been verified. */
export type ModelFile = Uint8Array | { readonly path: string; readonly remove: () => Promise<void> };

/**
 * What a version is loaded from, out of the artifact store, or of the files of the source where that keeps it; `store` null:
 * nobody says where it is. Throws a ProblemError that names the version.
 */
export type ReadArtifact = (version: ModelVersion, store: string | null, source: SourceState) => Promise<ModelFile>;

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

/** One server, as operators are told of it. */
export interface ServerState {
  /** Where it is, without a query, which might hold a secret. */
  readonly address: string;
  /** Why it gets no requests where another one can take them; null: it is up. */
  readonly down: string | null;
}

/** Servers beside the gateway that have the models already: they are asked for a version, and given no file. */
export interface ModelServer {
  /**
   * The version as the servers at these addresses have it, which it was looked for at once. Where none of them has it ready with
   * the registered signature, its `absence` says so; it is asked for again and again until it is closed.
   */
  find(version: ModelVersion, addresses: readonly string[]): Promise<LoadedModel>;
  /** Of each server that has been looked at: whether it takes requests. */
  states(): readonly ServerState[];
  /** Calls back when a version or a server has come or gone; returns how to stop. */
  watch(onChange: () => void): () => void;
  close(): Promise<void>;
}

/** How far a cut has come on its way into git. */
export type CutState =
  | { readonly kind: "open" }
  | { readonly kind: "waiting"; readonly pullRequest: { readonly number: number; readonly url: string } }
  | { readonly kind: "refused"; readonly pullRequest: { readonly number: number; readonly url: string } };

export interface StoredCut {
  readonly cut: Cut;
  readonly state: CutState;
  /** Of the last try to commit it, for people. */
  readonly lastError: string | null;
}

/** What must survive a kill -9, of one environment: cuts that git does not know yet, and since when versions are served. */
export interface CutStore {
  /** Open cuts, oldest first. */
  list(): readonly StoredCut[];
  /** Durable when it returns. The same cut twice is one cut; one that has ended (a reverted rollback) opens again. */
  put(cut: Cut): void;
  /** Of an open cut; one that is not there or has ended stays as it is. */
  setState(cut: Cut, state: CutState, lastError: string | null): void;
  /** Git agrees: the cut is over. Automatic rollbacks of stable versions stay known for 24 h. */
  end(cut: Cut, at: string): void;
  /** First time that this gateway served the version in that phase in that attempt; remembers `now` when it is new. */
  firstServed(model: string, version: number, phase: Phase, attempt: number | null, now: string): string;
  /** When stable versions of the model were cut automatically, since `after`, oldest first; open cuts among them. */
  stableRollbacks(model: string, after: string): readonly string[];
  close(): void;
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

/** Nobody is there who could run it: neither the model's nor the caller's fault. */
export class Unavailable extends Error {
  override readonly name = "Unavailable";
}

/** A model server does not take the input; the message is its own, and so is the status. */
export class InputRefused extends Error {
  override readonly name = "InputRefused";
  readonly status: 400 | 413 | 415 | 422;

  constructor(message: string, status: InputRefused["status"] = 400) {
    super(message);
    this.status = status;
  }
}

/** A version did not answer in its time. */
export class DeadlineExceeded extends Error {
  override readonly name = "DeadlineExceeded";
}
