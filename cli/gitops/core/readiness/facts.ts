import type { Problem } from "../../../../schemas/problem.ts";

/** Something that GitHub showed, or did not show to this token. */
export type Seen<T> = { readonly kind: "seen"; readonly value: T } | { readonly kind: "hidden" };

/** What the calls are made with. `probed`: nothing tells what it may do, so that was tried without effect. */
export type Identity =
  | { readonly kind: "scopes"; readonly scopes: readonly string[] }
  | { readonly kind: "app"; readonly permissions: Readonly<Record<string, string>> }
  | { readonly kind: "probed"; readonly contents: Seen<boolean>; readonly pullRequests: Seen<boolean> };

/** What could be found out about a repository; null: GitHub does not show it. */
export interface RepositoryFacts {
  /** owner/name as GitHub writes it now: another one where it was renamed. */
  readonly name: string;
  readonly isPrivate: boolean;
  readonly isArchived: boolean;
  /** The person behind the token may push; of an App always true. */
  readonly mayPush: boolean;
  readonly defaultBranch: string;
  readonly allowsAutoMerge: Seen<boolean>;
  readonly identity: Identity;
  /** null: the base branch is not there. */
  readonly base: BranchFacts | null;
  readonly secrets: Seen<readonly string[]>;
}

export interface BranchFacts {
  readonly takesPullRequestsOnly: Seen<boolean>;
  /** Names of the checks that a merge needs. */
  readonly requiredChecks: Seen<readonly string[]>;
  readonly wantsUpToDate: Seen<boolean>;
  /** null: the file is not there. */
  readonly workflow: Seen<Workflow | null>;
}

/** What the documents of the base branch are. */
export interface DocumentFacts {
  readonly count: number;
  /** `spec.repository` of mmsp.yaml; null: there is none. */
  readonly repository: string | null;
  readonly problems: readonly Problem[];
}

/** What the workflow that checks pull requests says. */
export interface Workflow {
  /** MMSP_SOURCE; null: somebody's own workflow, without such a variable. */
  readonly source: string | null;
  /** As GitHub names the check. */
  readonly check: string;
  /** Names of the secrets that it uses, without the token that GitHub itself brings. */
  readonly secrets: readonly string[];
}

export const workflowPath = ".github/workflows/mmsp.yml";
