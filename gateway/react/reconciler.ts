import { cutKey, standingOfCut, type Cut } from "../../schemas/cut.ts";
import { agreed, attempt, noKeys, type AttemptDeps, type Attempts } from "./attempt.ts";
import { togetherAfter } from "./pace.ts";
import type { StoredCut } from "../core/ports.ts";
import type { CommitOutcome, Committer, ReadDeployment } from "./ports.ts";
import { createWaiters } from "./waiters.ts";

export interface ReconcilerDeps extends AttemptDeps {
  /** null: a person rolls back. The cuts that git agrees with by then end all the same. */
  readonly commit: Committer | null;
  readonly deployment: ReadDeployment;
  /** A cut is over: git says what it said. Called after the store has forgotten it. */
  readonly ended: (cut: Cut) => void;
}

export interface Reconciler {
  /** Looks at all open cuts now: at start, after a cut, and whenever the followed branch was read. */
  wake(): void;
  /** What became of the cut in git; null when that is not known within `timeoutMs`. */
  committed(cut: Cut, timeoutMs: number): Promise<CommitOutcome | null>;
  /** Starts nothing new, and resolves when the commit that runs is through. */
  stop(): Promise<void>;
}

interface Loop extends ReconcilerDeps, Attempts {
  /** The pass that runs or ran last. */
  running: Promise<void>;
  busy: boolean;
  stopped: boolean;
  callOff: () => void;
}

/**
 * Turns every open cut into a rollback in git and goes on until git agrees; one process does that for all that share a store.
 * One commit at a time, for all cuts that are due and can share it; one that failed waits for its next turn and lets the
 * others go. It holds no state that a restart would miss: what is to do is read from the ledger, and what is done from the
 * followed branch.
 */
export function createReconciler(deps: ReconcilerDeps): Reconciler {
  const { clock, ledger } = deps;
  const waiters = createWaiters<CommitOutcome>(clock);
  const idle = { running: Promise.resolve(), busy: false, current: noKeys, stopped: false, callOff: () => {} };
  const loop: Loop = { ...deps, progress: new Map(), waiters, ...idle };
  return {
    wake: () => wake(loop),
    committed(cut, timeoutMs) {
      const open = ledger.list().find((entry) => cutKey(entry.cut) === cutKey(cut));
      if (open === undefined) return Promise.resolve(agreed);
      const outcome = loop.progress.get(cutKey(cut))?.outcome ?? (open.state.kind === "open" ? null : open.state);
      const mayCome = loop.commit !== null && !loop.stopped;
      return outcome === null && mayCome ? waiters.wait(cutKey(cut), timeoutMs) : Promise.resolve(outcome);
    },
    async stop() {
      loop.stopped = true;
      loop.callOff();
      await loop.running;
      waiters.dismiss();
    },
  };
}

function wake(loop: Loop): void {
  if (loop.stopped) return;
  endAgreed(loop);
  if (loop.commit === null) return void loop.ledger.flush();
  // A pass that runs looks again at everything before it ends.
  if (loop.busy) return;
  loop.busy = true;
  loop.running = pass(loop, loop.commit);
}

async function pass(loop: Loop, commit: Committer): Promise<void> {
  loop.callOff();
  let pauseMs = 0;
  try {
    for (let next = nextDue(loop); next.length > 0; next = nextDue(loop)) {
      await attempt(loop, commit, next);
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
    if (!loop.current.has(cutKey(cut))) loop.waiters.tell(cutKey(cut), agreed);
    loop.log("info", "git agrees: the cut is over", { cut });
    loop.ended(cut);
  }
}

/** Cuts that can share a commit go before those that wait for a pull request: these are looked at, one at a time. */
function nextDue(loop: Loop): readonly StoredCut[] {
  if (loop.stopped) return [];
  loop.ledger.flush();
  const now = loop.clock.now();
  const due = pending(loop).filter(({ cut }) => (loop.progress.get(cutKey(cut))?.dueAt ?? now) <= now);
  const shared = due.filter(({ cut, state }) => state.kind === "open" && !loop.progress.get(cutKey(cut))?.alone);
  const [oldest] = shared;
  if (oldest === undefined) return due.slice(0, 1);
  return shared.slice(0, togetherAfter(loop.progress.get(cutKey(oldest.cut))?.failures ?? 0));
}

/** Oldest first. What a person refused is not tried again. */
function pending(loop: Loop): readonly StoredCut[] {
  return loop.ledger.list().filter((entry) => entry.state.kind !== "refused");
}

function sleep(loop: Loop, atLeastMs: number): void {
  const now = loop.clock.now();
  const due = pending(loop).map(({ cut }) => loop.progress.get(cutKey(cut))?.dueAt ?? now);
  if (loop.stopped || due.length === 0) return;
  loop.callOff = loop.clock.after(Math.max(atLeastMs, Math.min(...due) - now), () => wake(loop));
}
