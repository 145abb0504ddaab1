/** Check runs: what Apps, GitHub Actions among them, have said of commits. Kept in memory. */

export type RunStatus = "queued" | "in_progress" | "completed";
export type Conclusion = "success" | "failure" | "neutral" | "cancelled" | "skipped" | "timed_out" | "action_required";

export interface CheckRun {
  readonly id: number;
  readonly oid: string;
  readonly name: string;
  readonly status: RunStatus;
  /** Of a run that is completed. */
  readonly conclusion: Conclusion | null;
  readonly detailsUrl: string | null;
  readonly startedAt: Date;
  readonly completedAt: Date | null;
}

export interface CheckRunStore {
  insert(run: Omit<CheckRun, "id">): CheckRun;
  find(id: number): CheckRun | null;
  replace(run: CheckRun): void;
  /** Of a commit, oldest first. */
  of(oid: string): readonly CheckRun[];
}

export function createCheckRunStore(): CheckRunStore {
  const runs: CheckRun[] = [];
  return {
    insert(given) {
      const run = { ...given, id: runs.length + 1 };
      runs.push(run);
      return run;
    },
    find: (id) => runs[id - 1] ?? null,
    replace: (run) => void runs.splice(run.id - 1, 1, run),
    of: (oid) => runs.filter((run) => run.oid === oid),
  };
}
