/** An Application of Argo CD, as its list tells it: where it takes what it applies from. */
export interface Application {
  readonly name: string;
  readonly namespace: string;
  readonly project: string;
  readonly sources: readonly ApplicationSource[];
  /** It syncs by itself; otherwise somebody has to ask for it. */
  readonly isAutomatic: boolean;
}

export interface ApplicationSource {
  readonly repository: string;
  readonly path: string;
  /** A branch, a tag, a commit, or `HEAD`; empty as good as `HEAD`. */
  readonly revision: string;
}

/** What Argo CD has found of an Application when it compared it last. */
export interface ApplicationState {
  /** `Synced`, `OutOfSync` or `Unknown`. */
  readonly sync: string;
  /** Commits that it was compared with, one a source. */
  readonly revisions: readonly string[];
  /** `Healthy`, `Progressing`, `Degraded`, `Suspended`, `Missing` or `Unknown`. */
  readonly health: string;
  /** Of the first resource that is not healthy, or of the whole; empty where it says nothing. */
  readonly healthMessage: string;
  /** The last sync, or the one that is going on; null before the first. */
  readonly operation: SyncOperation | null;
  /** What kept it from comparing or syncing. */
  readonly errors: readonly string[];
  /** Asked to look at git, which it has not done yet. */
  readonly isRefreshing: boolean;
}

interface SyncOperation {
  /** `Running`, `Terminating`, `Succeeded`, `Failed` or `Error`. */
  readonly phase: string;
  readonly message: string;
  /** Commits that it applies, one a source. */
  readonly revisions: readonly string[];
}

/** Argo CD's API. Throws a ProblemError for what a person has to mend, an OutsideError for what passes. */
export interface ArgoCd {
  /** The Applications that the token may see, without their state. */
  applications(): Promise<readonly Application[]>;
  /** One of them; null where it is there no more. `refresh`: looks at git first, and answers when it has. */
  state(application: Application, refresh: boolean): Promise<ApplicationState | null>;
  /** Its page, for people. */
  pageOf(application: Application): string;
}
