import type { Cut } from "../../schemas/cut.ts";
import { ProblemError } from "../../schemas/problem.ts";
import { announceRollbacks } from "./announce.ts";
import { announceSettled } from "./announce-settled.ts";
import { commitCut, rollbackOf, type CommitCutOptions, type CutOutcome } from "./commit-cut.ts";
import type { Change, RollbackCommand } from "./core/change.ts";
import { ProtectedBranch, type CommitRequest, type RemoteSnapshot } from "./core/ports.ts";
import { draftTogether, scopeOfAll } from "./draft-together.ts";
import { followHead } from "./follow-head.ts";
import type { PublishParts } from "./publish.ts";

/** What became of one of several cuts. `alone`: it cannot share a commit, and is to be handed over by itself. */
export type CutAnswer = CutOutcome | { readonly kind: "failed"; readonly error: unknown } | { readonly kind: "alone" };

/** `openedFor`: the pull request that an earlier try has opened for a cut, or null. */
export type CommitCutsOptions = Omit<CommitCutOptions, "opened"> & {
  readonly openedFor: (cut: Cut) => CommitCutOptions["opened"];
};

const alone: CutAnswer = { kind: "alone" };

/**
 * Puts cuts into git, and answers for each in its place. Several that go straight to the base branch share one commit, planned
 * anew for all of them when the branch moves; one that needs none, or cannot be planned, does not hold up the others. A cut by
 * itself is `commitCut`'s, as is one that has to become a pull request. Throws what the forge throws: none is in git then.
 */
export async function commitCuts(
  cuts: readonly Cut[],
  options: CommitCutsOptions,
  parts: PublishParts,
): Promise<readonly CutAnswer[]> {
  const [only, ...others] = cuts;
  if (only === undefined) return [];
  if (others.length === 0) return [await commitCut(only, { ...options, opened: options.openedFor(only) }, parts)];
  if (options.as !== "commit") return cuts.map(() => alone);
  try {
    return await commitTogether(cuts.map(rollbackOf), options.baseBranch, parts);
  } catch (error) {
    if (error instanceof ProtectedBranch) return cuts.map(() => alone);
    throw error;
  }
}

async function commitTogether(
  commands: readonly RollbackCommand[],
  branch: string,
  parts: PublishParts,
): Promise<readonly CutAnswer[]> {
  const { forge, planner } = parts;
  const tried = new Set<string>();
  const attempt = async (): Promise<readonly CutAnswer[]> => {
    const snapshot = await forge.read(scopeOfAll(commands));
    const { plans, files } = draftTogether(commands, snapshot, planner, parts.now().toISOString(), null);
    const changes = plans.filter((plan) => plan.kind === "change");
    for (const at of timesOf(changes)) tried.add(at);
    const committed = await commitChanges(changes, { branch, files }, snapshot, parts);
    // Found rejected: perhaps by an earlier try, whose reply was lost.
    const settled = commands.filter((_, at) => plans[at]?.kind === "skip");
    const late = await announceSettled(settled, tried, snapshot, forge);
    return plans.map((plan, at): CutAnswer => {
      if (plan.kind === "change") return committed.get(plan) ?? alone;
      if (plan.kind === "refusal") return { kind: "failed", error: new ProblemError(plan.problems) };
      if (plan.kind === "failed") return plan;
      const notices = late[settled.findIndex((command) => command === commands[at])] ?? [];
      return { ...plan, reason: [plan.reason, ...notices].join("; ") };
    });
  };
  return followHead(() => `Roll back ${commands.length} versions`, attempt, parts);
}

/** When rollbacks were planned, by which they are known again where the reply to their commit is lost. */
function timesOf(changes: readonly Change[]): readonly string[] {
  return changes.flatMap(({ rejection }) => (rejection === null ? [] : [rejection.at]));
}

/** In one commit; tells who should know. */
async function commitChanges(
  changes: readonly Change[],
  { branch, files }: Pick<CommitRequest, "branch" | "files">,
  { head, openPulls }: RemoteSnapshot,
  { forge, planner }: PublishParts,
): Promise<ReadonlyMap<Change, CutAnswer>> {
  const [first, ...others] = changes;
  if (first === undefined) return new Map();
  const message = planner.commitMessage(first, ...others);
  const committed = await forge.commit({ branch, expectedHead: head, files, message });
  const told = await announceRollbacks(changes, openPulls, { url: committed.url, number: null }, forge);
  return new Map(
    changes.map((change, at) => {
      const notices = [...change.notices, ...(told[at] ?? [])];
      return [change, { kind: "committed", ...committed, notices }] as const;
    }),
  );
}
