import { cutKey, type Cut } from "../../schemas/cut.ts";
import { oneLine } from "../../schemas/plain-text.ts";
import { commitDeadlineMs, recheckMs, retryAfterMs } from "./pace.ts";
import type { CutState, StoredCut } from "../core/ports.ts";
import type { Clock, CommitAnswer, CommitOutcome, Committer, CutLedger, Log } from "./ports.ts";
import type { Waiters } from "./waiters.ts";

export interface AttemptDeps {
  readonly ledger: CutLedger;
  /** Asks the followed branch (and Argo CD) to look at git now. Nobody waits for it. */
  readonly refresh: (cuts: readonly Cut[]) => Promise<void>;
  readonly clock: Clock;
  /** 0..1 */
  readonly random: () => number;
  readonly log: Log;
}

/** What tries to commit leave behind. */
export interface Attempts extends AttemptDeps {
  readonly progress: Map<string, Progress>;
  readonly waiters: Waiters<CommitOutcome>;
  /** Keys of the cuts whose commit runs. */
  current: ReadonlySet<string>;
}

/** How far one cut has come in this process. */
export interface Progress {
  failures: number;
  dueAt: number;
  outcome: CommitOutcome | null;
  /** The committer wants it by itself. */
  alone: boolean;
}

export const noKeys: ReadonlySet<string> = new Set();
export const agreed: CommitOutcome = { kind: "skip", reason: "git agrees already" };
const alone: CommitAnswer = { kind: "alone" };

/** Hands the cuts to the committer, and keeps and tells what it answers for each. */
export async function attempt(loop: Attempts, commit: Committer, entries: readonly StoredCut[]): Promise<void> {
  const tries = entries.map((entry) => ({ entry, progress: progressOf(loop, entry.cut) }));
  loop.current = new Set(entries.map(({ cut }) => cutKey(cut)));
  try {
    const answers = await answersFor(loop, commit, entries);
    const news = tries.filter(({ entry, progress }, at) => settle(loop, entry, progress, answers[at] ?? alone));
    const cuts = news.map(({ entry }) => entry.cut);
    if (cuts.length > 0) askToLook(loop, cuts);
  } finally {
    loop.current = noKeys;
  }
}

function progressOf({ progress }: Attempts, cut: Cut): Progress {
  const own = progress.get(cutKey(cut)) ?? { failures: 0, dueAt: 0, outcome: null, alone: false };
  progress.set(cutKey(cut), own);
  return own;
}

async function answersFor(
  { clock }: Attempts,
  commit: Committer,
  entries: readonly StoredCut[],
): Promise<readonly CommitAnswer[]> {
  const cuts = entries.map(({ cut }) => cut);
  try {
    return await withDeadline(clock, (signal) => commit(cuts, signal));
  } catch (error) {
    return cuts.map(() => ({ kind: "failed", error }));
  }
}

/** True where the followed branch should have something new, or have had it for a while. */
function settle(loop: Attempts, entry: StoredCut, progress: Progress, answer: CommitAnswer): boolean {
  const { cut } = entry;
  if (answer.kind === "alone" || answer.kind === "failed") {
    // A commit whose reply was lost: git has it, and the followed branch has told so in the meantime.
    if (loop.progress.get(cutKey(cut)) !== progress) loop.waiters.tell(cutKey(cut), agreed);
    else if (answer.kind === "failed") failed(loop, entry, progress, answer.error);
    else if (loop.current.size > 1) progress.alone = true;
    else failed(loop, entry, progress, new Error("the committer gave no answer"));
    return false;
  }
  Object.assign(progress, { failures: 0, dueAt: loop.clock.now() + recheckMs, outcome: answer });
  loop.waiters.tell(cutKey(cut), answer);
  loop.ledger.setState(cut, stateOf(answer), null);
  loop.log("info", `rollback: ${answer.kind}`, { cut, outcome: answer });
  return answer.kind === "committed" || answer.kind === "skip";
}

function failed(loop: Attempts, { cut, state }: StoredCut, progress: Progress, error: unknown): void {
  progress.failures += 1;
  const afterMs = retryAfterMs(error, progress.failures, loop.random());
  progress.dueAt = loop.clock.now() + afterMs;
  const message = oneLine(error instanceof Error ? error.message : String(error), 256);
  loop.ledger.setState(cut, state, message);
  loop.log("warn", "rollback failed and is tried again", { cut, error, failures: progress.failures, afterMs });
}

function stateOf(outcome: CommitOutcome): CutState {
  if (outcome.kind !== "waiting" && outcome.kind !== "refused") return { kind: "open" };
  return { kind: outcome.kind, pullRequest: outcome.pullRequest };
}

function askToLook(loop: Attempts, cuts: readonly Cut[]): void {
  loop.refresh(cuts).catch((error: unknown) => loop.log("warn", "nobody could be asked to look at git", { error }));
}

/** A committer that never answers must not hold up the other rollbacks: after the deadline it has failed. */
async function withDeadline<T>(clock: Clock, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const { promise, reject } = Promise.withResolvers<never>();
  const callOff = clock.after(commitDeadlineMs, () => {
    const error = new Error(`no answer within ${commitDeadlineMs / 1000} s`);
    controller.abort(error);
    reject(error);
  });
  try {
    return await Promise.race([work(controller.signal), promise]);
  } finally {
    callOff();
  }
}
