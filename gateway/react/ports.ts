import type { Cut } from "../../schemas/cut.ts";
import type { ModelDeployment, Phase } from "../../schemas/model-deployment.ts";

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

/** What must survive a kill -9: cuts that git does not know yet, and since when versions are served. */
export interface CutStore {
  /** Open cuts, oldest first. */
  list(): readonly StoredCut[];
  /** Durable when it returns. The same cut twice is one cut. */
  put(cut: Cut): void;
  setState(cut: Cut, state: CutState, lastError: string | null): void;
  /** Git agrees: the cut is over. Automatic rollbacks of stable versions stay known for 24 h. */
  end(cut: Cut, at: string): void;
  /** First time that this gateway served the version in that phase in that attempt; remembers `now` when it is new. */
  firstServed(model: string, version: number, phase: Phase, attempt: number | null, now: string): string;
  /** Times of automatic rollbacks of stable versions of the model since `after`. */
  stableRollbacks(model: string, after: string): readonly string[];
  close(): void;
}

/** What became of a try to put a cut into git. */
export type CommitOutcome =
  | { readonly kind: "committed"; readonly oid: string; readonly url: string | null }
  | { readonly kind: "waiting"; readonly pullRequest: { readonly number: number; readonly url: string } }
  /** A person closed the rollback's pull request: it is not opened again for that attempt. */
  | { readonly kind: "refused"; readonly pullRequest: { readonly number: number; readonly url: string } }
  | { readonly kind: "skip"; readonly reason: string };

/** Puts a cut into git, as the environment's `publish.rollback` says. Throws on outside failures; the caller retries. */
export type Committer = (cut: Cut) => Promise<CommitOutcome>;

/** The deployment that the base branch has now, or null where it serves the model no longer. */
export type ReadDeployment = (model: string) => ModelDeployment | null;
