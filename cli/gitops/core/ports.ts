import type { Signature } from "../../../schemas/model-version.ts";
import type { Problem } from "../../../schemas/problem.ts";
import type { OpenProposal } from "./change.ts";
import type { PullState } from "./follow.ts";

/** The documents that commands need to see. Everything of these models, and these environments' policy. */
export interface Scope {
  /** null: every model (status, validate). */
  readonly models: readonly string[] | null;
  /** Environments whose documents are read; empty: only the names. */
  readonly environments: readonly string[];
  /** Environments of which every model's deployment is read besides, whichever models are named; left out: none. */
  readonly deploymentsOf?: readonly string[];
  /** Which of mmsp's branches and open pull requests are looked at; left out: none. */
  readonly proposals?: ProposalScope;
}

/** What decides where a proposal goes, so that it can be asked for with the documents however many branches were left behind. */
export interface ProposalScope {
  /** Names of branches. */
  readonly branches: readonly string[];
  /** Branches below a folder of names (`mmsp/registry/fraud/`) whose names hold a text, where the name is not known yet. */
  readonly searches: readonly { readonly folder: string; readonly text: string }[];
  /** All open pull requests into the base branch, however many; otherwise the newest hundred. */
  readonly all: boolean;
}

/** One state of the repository, as far as it was asked for. Texts are whole. */
export interface Snapshot {
  /** Commit of the branch that was read; null for a working tree. */
  readonly head: string | null;
  /** path -> text of the documents */
  readonly files: ReadonlyMap<string, string>;
  /** What is wrong with documents that are there but are no text that can be edited: too long, or not UTF-8. */
  readonly unreadable: readonly Problem[];
  readonly environmentNames: readonly string[];
  readonly modelNames: readonly string[];
  readonly proposals: readonly OpenProposal[];
}

/** A commit that a branch has and the base branch lacks. */
export interface BranchCommit {
  readonly oid: string;
  readonly message: string;
  readonly parents: number;
  /** Written by somebody and put there anew later: amended, rebased or cherry-picked. */
  readonly rewritten: boolean;
}

/** One of mmsp's branches as it was read. */
export interface BranchState {
  readonly name: string;
  readonly head: string;
  /** What the base branch lacks, newest first; null where there are more than mmsp ever makes. */
  readonly commits: readonly BranchCommit[] | null;
  readonly pullRequest: (OpenProposal & { readonly title: string; readonly body: string }) | null;
  /**
   * It holds what a pull request proposed that was closed or merged, or goes to another branch than the base. False of one
   * whose pull request is still to be opened.
   */
  readonly settled: boolean;
}

/** What a forge reads: a commit, and the branches that decide where a proposal goes. */
export interface RemoteSnapshot extends Snapshot {
  readonly head: string;
  /** Those of the scope's branches that are there, with and without an open pull request. */
  readonly branches: readonly BranchState[];
  /** Open pull requests into the base branch, newest first. */
  readonly openPulls: readonly OpenPull[];
}

export interface OpenPull {
  readonly number: number;
  readonly url: string;
  /** null: in somebody's fork. */
  readonly branch: string | null;
}

/**
 * Where the commit of a proposal goes (core/placement.ts decides). `open` and `adopt` have no pull request yet: of `open` the
 * branch, at `head` if there is one, comes to hold one commit on the base head; of `adopt` it holds others' commits, which are
 * added to. `replace` and `append` do the same where one is open.
 */
export type Placement =
  | { readonly kind: "open"; readonly branch: string; readonly head: string | null }
  | AdoptedPlacement
  | ExistingPlacement;

export interface AdoptedPlacement {
  readonly kind: "adopt";
  readonly branch: string;
  readonly state: BranchState;
}

export interface ExistingPlacement {
  readonly kind: "replace" | "append";
  readonly branch: string;
  readonly state: BranchWithPull;
}

export type BranchWithPull = BranchState & { readonly pullRequest: NonNullable<BranchState["pullRequest"]> };

/** A file of a commit: text, bytes, or null to delete it. */
export interface FileWrite {
  readonly path: string;
  readonly content: string | Uint8Array | null;
}

export interface CommitRequest {
  readonly branch: string;
  /** The commit is refused with `HeadMoved` where the branch points elsewhere. */
  readonly expectedHead: string;
  readonly files: readonly FileWrite[];
  readonly message: string;
}

export interface ProposalRequest {
  readonly placement: Placement;
  readonly base: string;
  /** Head of the base branch that the files were planned on. */
  readonly baseHead: string;
  /** Empty: the branch holds them already, only title and body may differ. */
  readonly files: readonly FileWrite[];
  readonly message: string;
  readonly title: string;
  readonly body: string;
}

export interface PullRequest {
  readonly number: number;
  readonly url: string;
  readonly branch: string;
  /** `unchanged`: open already, with these very files, title and body. */
  readonly action: "opened" | "updated" | "unchanged";
}

/** A branch that was pushed to a remote without a forge that mmsp knows: a person opens what merges it. */
export interface PushedBranch {
  readonly branch: string;
  readonly base: string;
  /** `unchanged`: it holds these very files already. */
  readonly action: "pushed" | "updated" | "unchanged";
  /** Address of the remote. */
  readonly remote: string;
  /** Where the server says that a merge request is opened; null: it says nothing. */
  readonly url: string | null;
}

/** What a proposal came to. */
export type Proposed = PullRequest | PushedBranch;

export function isPushed(proposed: Proposed): proposed is PushedBranch {
  return "remote" in proposed;
}

/** The repository on GitHub, or on a remote that only speaks git. Reads a part of it in one call; writes all files of a change or none. */
export interface Forge {
  /** Left out: pull requests. `branches`: proposals are only pushed, and what is not merged yet counts as open. */
  readonly proposes?: "branches";
  /** `ref`: a branch, default the base branch. */
  read(scope: Scope, ref?: string): Promise<RemoteSnapshot>;
  /** One commit on an existing branch. Throws `HeadMoved` and `ProtectedBranch`. */
  commit(request: CommitRequest): Promise<{ readonly oid: string; readonly url: string }>;
  /**
   * One commit on mmsp's own branch and a pull request: opened, or the open one updated, never duplicated. Throws
   * `HeadMoved` when the branch or its pull request are no longer as the placement says.
   */
  propose(request: ProposalRequest): Promise<Proposed>;
  /** One look at a pull request, open or not: its checks, reviews, and what became of it. */
  pull(number: number): Promise<PullState>;
  /** Paths that pull requests change, by number; of long ones the first hundred. */
  changedFiles(numbers: readonly number[]): Promise<ReadonlyMap<number, readonly string[]>>;
  /** Texts of the comments on pull requests, by number; of many the last hundred. */
  commentsOn(numbers: readonly number[]): Promise<ReadonlyMap<number, readonly string[]>>;
  /** A comment on a pull request. */
  comment(number: number, body: string): Promise<void>;
  /** The pull request merges by itself once the branch's rules are met. Throws where the repository or the branch cannot do that. */
  enableAutoMerge(number: number): Promise<void>;
}

/** The branch moved between reading and writing: read again, plan again. */
export class HeadMoved extends Error {
  override readonly name = "HeadMoved";
}

/** The branch takes changes through pull requests only (a protection rule or a ruleset). */
export class ProtectedBranch extends Error {
  override readonly name = "ProtectedBranch";
  readonly branch: string;

  /** `words`: of the server, where it gives a reason of its own. */
  constructor(branch: string, { words, ...options }: ErrorOptions & { readonly words?: string } = {}) {
    const why = words === undefined ? "it takes changes through pull requests only" : `the server says: ${words}`;
    super(`the branch "${branch}" is protected: ${why}`, options);
    this.branch = branch;
  }
}

/** The outside failed. `retryable`: the same call may go through later (5xx, time-outs, rate limits). */
export class OutsideError extends Error {
  override readonly name = "OutsideError";
  readonly retryable: boolean;
  readonly hint: string;

  /** `message` is for people and holds no secret; the cause goes to the log. */
  constructor(message: string, details: { retryable: boolean; hint: string; cause?: unknown }) {
    super(message, { cause: details.cause });
    this.retryable = details.retryable;
    this.hint = details.hint;
  }
}

/** A file wherever it is: a Blob, a file on disk, an object in a bucket. Models are large: it is read in pieces. */
export interface Content {
  /** Bytes. */
  readonly size: number;
  /** From the start; may be asked for more than once. */
  stream(): AsyncIterable<Uint8Array>;
}

/** Content-addressed files, by key `sha256/<digest>/<file>`. */
export interface ArtifactStore {
  /**
   * Throws a ProblemError when it is not there. Its stream throws one behind the last piece where the bytes are not those of
   * the digest: nothing of it may be used before.
   */
  find(key: string): Promise<Content>;
  /** The whole file, verified. */
  read(key: string): Promise<Uint8Array>;
  /** Idempotent and atomic; verifies what was stored. */
  write(key: string, content: Content): Promise<void>;
}

/** A file that was looked at. Its content is read anew whenever it is asked for, and held against the digest. */
export interface InspectedFile {
  /** Of the model itself, its name; of one beside it, the path by which the model knows it. */
  readonly file: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly content: Content;
}

/** A model by reference, in files that are there until it is disposed of. */
export interface ReferredModel extends Disposable {
  /** The address as it is recorded. */
  readonly uri: string;
  readonly path: string;
  /** The address of a file, for messages. */
  place(file: string): string;
}

/** What is in a model file, and that it answers a trial inference. */
export interface InspectedModel extends InspectedFile {
  /** Those beside it that it keeps weights in. */
  readonly files: readonly InspectedFile[];
  readonly signature: Signature;
  readonly opset: number | null;
  /** Version of the ONNX format. */
  readonly irVersion: number;
  /** How many numbers its weights are. */
  readonly parameters: number;
  readonly producer: string | null;
  /** Things that were left out, with what to do about them. */
  readonly warnings: readonly string[];
}

/**
 * Opens a model file; throws a ProblemError for anything that is not a model that can be served. `featureOrder` names the
 * columns of its first input, whose number the file may leave open.
 */
export type InspectModel = (path: string, featureOrder: readonly string[] | null) => Promise<InspectedModel>;
