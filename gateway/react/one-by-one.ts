import type { Cut } from "../../schemas/cut.ts";
import type { CommitOutcome, Committer } from "./ports.ts";

/** A committer for places where no two cuts can share a commit. */
export function oneByOne(commit: (cut: Cut, signal: AbortSignal) => Promise<CommitOutcome>): Committer {
  return async (cuts, signal) => {
    const [only, ...others] = cuts;
    if (only === undefined || others.length > 0) return cuts.map(() => ({ kind: "alone" }));
    return [await commit(only, signal)];
  };
}
