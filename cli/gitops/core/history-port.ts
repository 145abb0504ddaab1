import type { CommitFacts } from "./history.ts";

/** Which deployments' history is asked for. */
export interface HistoryScope {
  readonly models: readonly string[];
  /** null: every environment. */
  readonly environment: string | null;
}

/** A file in a commit of the branch. */
export interface FileChange {
  readonly path: string;
  readonly commit: CommitFacts;
  /** null: the commit took the file away. */
  readonly text: string | null;
}

/** What a branch says of some files, from its beginning. */
export interface HistoryLog {
  /** The branch, as people call it: `main`, `origin/main`, `acme/models main`. */
  readonly source: string;
  /** Its newest commit. */
  readonly head: string;
  /** Oldest first, in the order of the branch's own commits. */
  readonly changes: readonly FileChange[];
  /** False where the beginning is not there, as in a shallow clone. */
  readonly isWhole: boolean;
  /** What the person should know of the answer, one line each. */
  readonly notices: readonly string[];
}

/** A place in history: a commit, and a path in it. */
export interface FileAt {
  readonly commit: string;
  readonly path: string;
}

/** A branch's history, from a clone or from GitHub's API. Throws ProblemError and OutsideError. */
export interface HistorySource {
  /** Every change of the deployment documents in a scope. */
  deployments(scope: HistoryScope): Promise<HistoryLog>;
  /** Texts in the order asked for; null where there is no such file. */
  textsAt(files: readonly FileAt[]): Promise<readonly (string | null)[]>;
  /** When the branch last got a change of each file (RFC 3339), by path; without those that it never had. */
  lastChanges(paths: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

/** The documents of one commit, by path. */
export interface CommittedDocuments {
  readonly commit: string;
  readonly files: ReadonlyMap<string, string>;
}

/** What a clone lacks of the branch that it follows, as far as that was fetched. */
export interface Behind {
  /** `origin/main` */
  readonly upstream: string;
  /** At least one. */
  readonly commits: number;
}
