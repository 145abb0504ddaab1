/** Commit statuses: what checks have said of commits. Kept in memory. */

export type StatusState = "error" | "failure" | "pending" | "success";

export interface CommitStatus {
  readonly id: number;
  readonly context: string;
  readonly state: StatusState;
  readonly targetUrl: string | null;
  readonly description: string | null;
  readonly at: Date;
}

export interface StatusStore {
  /** The newest of each context replaces the one before. */
  set(oid: string, status: Omit<CommitStatus, "id">): CommitStatus;
  of(oid: string): readonly CommitStatus[];
}

export function createStatusStore(): StatusStore {
  const byCommit = new Map<string, Map<string, CommitStatus>>();
  let count = 0;
  return {
    set(oid, status) {
      count += 1;
      const numbered = { ...status, id: count };
      const known = byCommit.get(oid) ?? new Map<string, CommitStatus>();
      byCommit.set(oid, known.set(status.context, numbered));
      return numbered;
    },
    of: (oid) => [...(byCommit.get(oid)?.values() ?? [])],
  };
}
