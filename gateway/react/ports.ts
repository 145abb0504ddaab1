import type { Cut } from "../../schemas/cut.ts";
import type { ModelDeployment } from "../../schemas/model-deployment.ts";
import type { CutStore } from "../core/ports.ts";

/** That a version is bad, as somebody says; `decide` judges what to do about it. */
export interface Accusation {
  readonly by: "guard" | "alert";
  readonly model: string;
  readonly version: number;
  /** null: not said, so it is meant for whoever is told. */
  readonly environment: string | null;
  /** null: not said; otherwise only "rollback" is meant for mmsp. */
  readonly action: string | null;
  readonly status: "firing" | "resolved";
  /** RFC 3339, UTC; null: not said. */
  readonly startsAt: string | null;
  /** One line. */
  readonly reason: string;
  /** One line each, `maxEvidenceBytes` in all. */
  readonly evidence: Readonly<Record<string, string>>;
}

/** `ignore`: nothing to do. `tell`: nothing can be done by itself, a person is needed. */
export type Decision =
  | { readonly kind: "act"; readonly cut: Cut }
  | { readonly kind: "ignore"; readonly code: string; readonly reason: string }
  | { readonly kind: "tell"; readonly code: string; readonly reason: string };

/** Time, so that tests need not wait. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `then` once after `ms`; returns how to call it off. */
  after(ms: number, then: () => void): () => void;
}

/** What happened, for operators; `details` holds no secrets. */
export type Log = (
  level: "info" | "warn" | "error",
  message: string,
  details?: Readonly<Record<string, unknown>>,
) => void;

/** A cut store with a memory before it: a slow or absent store holds nothing back. */
export interface CutLedger extends CutStore {
  /** Known from now on, and not stored yet. */
  hold(cut: Cut): void;
  /** Cuts that are held and not stored. */
  held(): readonly Cut[];
  /** Tries to store what is held; true when nothing is left. */
  flush(): boolean;
}

/** What could not be done besides (comments, auto-merge), one line each. */
type Notices = readonly string[];

/** What became of a try to put a cut into git. */
export type CommitOutcome =
  | { readonly kind: "committed"; readonly oid: string; readonly url: string | null; readonly notices?: Notices }
  | {
      readonly kind: "waiting";
      readonly pullRequest: { readonly number: number; readonly url: string };
      readonly notices?: Notices;
    }
  /** A person closed the rollback's pull request: it is not opened again for that attempt. */
  | { readonly kind: "refused"; readonly pullRequest: { readonly number: number; readonly url: string } }
  | { readonly kind: "skip"; readonly reason: string };

/** Of one cut among several. `failed`: as if the committer had thrown, for this one; `alone`: hand it over by itself. */
export type CommitAnswer =
  | CommitOutcome
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "alone" };

/**
 * Puts cuts into git, as the environment's `publish.rollback` says, those that go straight to the branch in one commit, and
 * answers for each in its place. A cut that waits for its pull request comes by itself, as does one that was answered
 * `alone`. Throws on outside failures; the caller retries, so it plans from the documents each time: what is there already
 * is a skip. `signal` tells that nobody waits any longer.
 */
export type Committer = (cuts: readonly Cut[], signal: AbortSignal) => Promise<readonly CommitAnswer[]>;

/**
 * The deployment that the followed branch has now; null where it serves the model no longer; undefined while that
 * is not known (nothing read yet), so that a restart does not take its own ignorance for an end of all cuts.
 */
export type ReadDeployment = (model: string) => ModelDeployment | null | undefined;
