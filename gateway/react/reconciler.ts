import { cutKey, standingOfCut, type Cut } from "../../schemas/cut.ts";
import { commitDeadlineMs, recheckMs, retryAfterMs } from "./pace.ts";
import { oneLine } from "../../schemas/plain-text.ts";
import type { Clock, CommitOutcome, Committer, CutLedger, CutState, Log, ReadDeployment, StoredCut } from "./ports.ts";
import { createWaiters, type Waiters } from "./waiters.ts";

export interface ReconcilerDeps {
  readonly ledger: CutLedger;
  readonly commit: Committer;
  readonly deployment: ReadDeployment;
  /** A cut is over: git says what it said. Called after the store has forgotten it. */
  readonly ended: (cut: Cut) => void;
  /** Asks the followed branch (and Argo CD) to look at git now. Nobody waits for it. */
  readonly refresh: (cut: Cut) => Promise<void>;
  readonly clock: Clock;
  /** 0..1 */
  readonly random: () => number;
  readonly log: Log;
}

export interface Reconciler {
  /** Looks at all open cuts now: at start, after a cut, and whenever the followed branch was read. */
  wake(): void;
  /** What became of the cut in git; null when that is not known within `timeoutMs`. */
  committed(cut: Cut, timeoutMs: number): Promise<CommitOutcome | null>;
  /** Starts nothing new, and resolves when the commit that runs is through. */
  stop(): Promise<void>;
}

/** How far one cut has come in this process. */
interface Progress {
  failures: number;
  dueAt: number;
  outcome: CommitOutcome | null;
}

interface Loop extends ReconcilerDeps {
  readonly progress: Map<string, Progress>;
  readonly waiters: Waiters<CommitOutcome>;
  /** The pass that runs or ran last. */
  running: Promise<void>;
  busy: boolean;
  /** Key of the cut whose commit runs. */
  current: string | null;
  stopped: boolean;
  callOff: () => void;
}

/**
 * Turns every open cut into a rollback in git and goes on until git agrees. One commit at a time, oldest cut first; a
 * cut whose commit failed waits for its next turn and lets the others go. It holds no state that a restart would miss:
 * what is to do is read from the ledger, and what is done from the followed branch.
 */
export function createReconciler(deps: ReconcilerDeps): Reconciler {
  const { clock, ledger } = deps;
  const waiters = createWaiters<CommitOutcome>(clock);
  const idle = { running: Promise.resolve(), busy: false, current: null, stopped: false, callOff: () => {} };
  const loop: Loop = { ...deps, progress: new Map(), waiters, ...idle };
  return {
    wake: () => wake(loop),
    committed(cut, timeoutMs) {
      const open = ledger.list().find((entry) => cutKey(entry.cut) === cutKey(cut));
      if (open === undefined) return Promise.resolve(agreed);
      const outcome = loop.progress.get(cutKey(cut))?.outcome ?? (open.state.kind === "open" ? null : open.state);
      return outcome === null && !loop.stopped ? waiters.wait(cutKey(cut), timeoutMs) : Promise.resolve(outcome);
    },
    async stop() {
      loop.stopped = true;
      loop.callOff();
      await loop.running;
      waiters.dismiss();
    },
  };
}

const agreed: CommitOutcome = { kind: "skip", reason: "git agrees already" };

function wake(loop: Loop): void {
  if (loop.stopped) return;
  endAgreed(loop);
  // A pass that runs looks again at everything before it ends.
  if (loop.busy) return;
  loop.busy = true;
  loop.running = pass(loop);
}

async function pass(loop: Loop): Promise<void> {
  loop.callOff();
  let pauseMs = 0;
  try {
    for (let next = nextDue(loop); next !== undefined; next = nextDue(loop)) {
      await attempt(loop, next);
      if (!loop.stopped) endAgreed(loop);
    }
  } catch (error) {
    pauseMs = 1000;
    loop.log("error", "the reconciler stumbled and goes on", { error });
  }
  loop.busy = false;
  sleep(loop, pauseMs);
}

/** Forgets the cuts that git has made pointless. While nothing was read from git, none is. */
function endAgreed(loop: Loop): void {
  const over = loop.ledger.list().filter(({ cut }) => {
    const deployment = loop.deployment(cut.model);
    return deployment !== undefined && standingOfCut(cut, deployment).kind === "over";
  });
  const ended: Cut[] = [];
  for (const { cut } of over) {
    try {
      loop.ledger.end(cut, new Date(loop.clock.now()).toISOString());
      ended.push(cut);
    } catch (error) {
      loop.log("error", "the store of cuts could not forget a cut; it is asked again", { error, cut });
    }
  }
  // Told after all are gone: whoever is told may well wake the reconciler again.
  for (const cut of ended) {
    loop.progress.delete(cutKey(cut));
    // Whose commit still runs, hears of that: it knows more.
    if (cutKey(cut) !== loop.current) loop.waiters.tell(cutKey(cut), agreed);
    loop.log("info", "git agrees: the cut is over", { cut });
    loop.ended(cut);
  }
}

function nextDue(loop: Loop): StoredCut | undefined {
  if (loop.stopped) return undefined;
  loop.ledger.flush();
  const now = loop.clock.now();
  return pending(loop).find(({ cut }) => (loop.progress.get(cutKey(cut))?.dueAt ?? now) <= now);
}

/** Oldest first. What a person refused is not tried again. */
function pending(loop: Loop): readonly StoredCut[] {
  return loop.ledger.list().filter((entry) => entry.state.kind !== "refused");
}

async function attempt(loop: Loop, { cut, state }: StoredCut): Promise<void> {
  const key = cutKey(cut);
  const progress = loop.progress.get(key) ?? { failures: 0, dueAt: 0, outcome: null };
  loop.progress.set(key, progress);
  loop.current = key;
  try {
    const outcome = await withDeadline(loop.clock, (signal) => loop.commit(cut, signal));
    Object.assign(progress, { failures: 0, dueAt: loop.clock.now() + recheckMs, outcome });
    loop.waiters.tell(key, outcome);
    loop.ledger.setState(cut, stateOf(outcome), null);
    loop.log("info", `rollback: ${outcome.kind}`, { cut, outcome });
    if (outcome.kind === "committed" || outcome.kind === "skip") askToLook(loop, cut);
  } catch (error) {
    failed(loop, { cut, state, lastError: null }, progress, error);
  } finally {
    loop.current = null;
  }
}

function failed(loop: Loop, { cut, state }: StoredCut, progress: Progress, error: unknown): void {
  // A commit whose reply was lost: git has it, and the followed branch has told so in the meantime.
  if (loop.progress.get(cutKey(cut)) !== progress) return loop.waiters.tell(cutKey(cut), agreed);
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

function askToLook(loop: Loop, cut: Cut): void {
  loop.refresh(cut).catch((error: unknown) => loop.log("warn", "nobody could be asked to look at git", { error }));
}

function sleep(loop: Loop, atLeastMs: number): void {
  const now = loop.clock.now();
  const due = pending(loop).map(({ cut }) => loop.progress.get(cutKey(cut))?.dueAt ?? now);
  if (loop.stopped || due.length === 0) return;
  loop.callOff = loop.clock.after(Math.max(atLeastMs, Math.min(...due) - now), () => wake(loop));
}

/** A committer that never answers must not hold up the other rollbacks: after the deadline it has failed. */
async function withDeadline<T>(clock: Clock, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const { promise, reject } = Promise.withResolvers<never>();
  const callOff = clock.after(commitDeadlineMs, () => {
    controller.abort();
    reject(new Error(`no answer within ${commitDeadlineMs / 1000} s`));
  });
  try {
    return await Promise.race([work(controller.signal), promise]);
  } finally {
    callOff();
  }
}
