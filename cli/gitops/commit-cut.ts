import type { Cut } from "../../schemas/cut.ts";
import { oneLine } from "../../schemas/plain-text.ts";
import { ProblemError, type Problem } from "../../schemas/problem.ts";
import type { RollbackCommand } from "./core/change.ts";
import { ProtectedBranch } from "./core/ports.ts";
import type { RollbackPolicy } from "./core/rollback-policy.ts";
import type { FileWrite, PullRequest, PushedBranch, Snapshot, Scope } from "./core/ports.ts";
import { proposingScopeOf, scopeOf } from "./core/scope.ts";
import { draftOver, type Planner } from "./draft-over.ts";
import { publish, type PublishParts, type PublishResult } from "./publish.ts";

/** What became of a try to put a cut into git; see the gateway's committer port. */
export type CutOutcome =
  | { readonly kind: "committed"; readonly oid: string; readonly url: string | null; readonly notices: Notices }
  | { readonly kind: "waiting"; readonly pullRequest: PullRequestPlace; readonly notices: Notices }
  | { readonly kind: "refused"; readonly pullRequest: PullRequestPlace }
  | { readonly kind: "skip"; readonly reason: string };

/** What could not be done besides, one line each. */
type Notices = readonly string[];

interface PullRequestPlace {
  readonly number: number;
  readonly url: string;
}

export interface CommitCutOptions extends RollbackPolicy {
  readonly baseBranch: string;
  /** The pull request that an earlier try has opened for this cut, or null. */
  readonly opened: PullRequestPlace | null;
}

/** The rollback that a cut stands for: takes out exactly its version, in its attempt. */
export function rollbackOf(cut: Cut): RollbackCommand {
  const { environment, model, by, reason, evidence } = cut;
  return { verb: "rollback", environment, model, to: null, by, reason, evidence, cut };
}

/**
 * Puts a cut into git: a commit on the base branch, or where that is protected or the environment asks for it a pull
 * request, which then waits for a person. Planned from what git says now, so a second try is a skip. Throws what the
 * forge throws; a refusal of the plan is a ProblemError.
 */
export async function commitCut(cut: Cut, options: CommitCutOptions, parts: PublishParts): Promise<CutOutcome> {
  const command = rollbackOf(cut);
  const { baseBranch, as, opened } = options;
  if (as === "dispatch") {
    const message = "publish.rollback: dispatch is not supported by this gateway";
    throw new ProblemError([{ code: "dispatch-unsupported", message, hint: "use commit or pull-request" }]);
  }
  if (opened !== null) {
    const closed = await closedByPerson(command, opened.number, parts);
    return closed ? { kind: "refused", pullRequest: opened } : proposeCut(command, options, parts);
  }
  if (as === "pull-request") return proposeCut(command, options, parts);
  try {
    return outcomeOf(await publish(command, { baseBranch, as }, parts));
  } catch (error) {
    if (!(error instanceof ProtectedBranch)) throw error;
    return proposeCut(command, options, parts);
  }
}

/** Auto-merge is asked for once, with the first pull request: who turns it off later has a reason. */
async function proposeCut(
  command: RollbackCommand,
  { baseBranch, autoMerge, opened }: CommitCutOptions,
  parts: PublishParts,
): Promise<CutOutcome> {
  const outcome = outcomeOf(
    await publish(command, { baseBranch, as: "pull-request", maybeUntold: opened === null }, parts),
  );
  if (outcome.kind !== "waiting" || !autoMerge || opened !== null) return outcome;
  try {
    await parts.forge.enableAutoMerge(outcome.pullRequest.number);
    return outcome;
  } catch (error) {
    // The rollback is on its way all the same: it waits for a person.
    const why = error instanceof Error ? oneLine(error.message) : String(error);
    return { ...outcome, notices: [...outcome.notices, `a person has to merge the rollback: ${why}`] };
  }
}

/** The pull request is open no more, and the base branch still serves the version: somebody said no. */
async function closedByPerson(command: RollbackCommand, number: number, parts: PublishParts): Promise<boolean> {
  const snapshot = await parts.forge.read(proposingScopeOf(command));
  if (snapshot.proposals.some((proposal) => proposal.number === number)) return false;
  return draftOver(snapshot, command, parts.planner, parts.now().toISOString()).kind === "draft";
}

function outcomeOf(result: PublishResult): CutOutcome {
  switch (result.kind) {
    case "committed":
      return { kind: "committed", oid: result.oid, url: result.url, notices: result.notices };
    case "published":
      return { kind: "waiting", pullRequest: placeOf(result.pullRequest), notices: result.notices };
    case "pushed":
      throw new ProblemError([waitsOnBranch(result.pushed)]);
    case "skip":
      return result;
    case "refusal":
      throw new ProblemError(result.problems);
  }
}

/** Nobody can be asked whether the branch was turned down, so the cut stays open, and says where its rollback is. */
function waitsOnBranch({ branch, base }: PushedBranch): Problem {
  const message = `the rollback waits on the branch ${branch} for a person to merge it`;
  return { code: "rollback-on-branch", message, hint: `merge it into ${base}; traffic has moved already` };
}

function placeOf({ number, url }: PullRequest): PullRequestPlace {
  return { number, url };
}

/** Documents on disk, where a directory is what is followed. */
export interface Documents {
  read(scope: Scope): Promise<Snapshot>;
  write(files: readonly FileWrite[]): Promise<readonly string[]>;
}

/** The same for a working tree: the files are edited in place, and the person commits them. */
export async function writeCut(cut: Cut, tree: Documents, planner: Planner, now: string): Promise<CutOutcome> {
  const command = rollbackOf(cut);
  const draft = draftOver(await tree.read(scopeOf(command)), command, planner, now);
  if (draft.kind === "skip") return draft;
  if (draft.kind === "refusal") throw new ProblemError(draft.problems);
  await tree.write(draft.files);
  return { kind: "skip", reason: "the working tree was edited; commit it" };
}
