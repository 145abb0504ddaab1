import type { Tensor } from "../../../schemas/tensor.ts";
import { CallerGone, DeadlineExceeded, Overloaded, type Gone } from "../../core/ports.ts";
import { batchOf, createBatcher, elementsOf, splitBatch, type LateRun, type Run } from "./batch.ts";
import type { Trial } from "./messages.ts";
import type { Session } from "./session.ts";
import type { Runner } from "./worker-model.ts";

/**
 * Processor time, in milliseconds, after which a call was too slow for the event loop. Five times what a call is meant to
 * take at most: no cold cache and no busy neighbour makes so much of it, and time that the thread was not running in is not
 * counted, so that a machine under load does not send its fast models away.
 */
const slowMs = 10;

export interface InlineOptions {
  readonly session: Session;
  readonly trial: Trial;
  /** Called after each call that took too long. */
  readonly onSlow: () => void;
}

export interface InlineModel extends Omit<Runner, "broken"> {
  /** Whether the inputs can be run in calls that are short enough. */
  takes(inputs: readonly Tensor[]): boolean;
}

/**
 * A model on the event loop: requests of one turn share a call, and one that is too large for a call is run in parts, each
 * in a turn of its own.
 */
export function createInlineModel({ session, trial, onSlow }: InlineOptions): InlineModel {
  const { maxElements } = trial;
  const call = clocked(session.run, onSlow);
  const together = trial.batches ? createBatcher(call, { maxElements }) : (inputs: readonly Tensor[]) => call(inputs);
  const parted = oneAfterAnother(call);
  const drained = Promise.withResolvers<void>();
  let running = 0;
  let closing: Promise<void> | null = null;

  function leave(): void {
    if (--running === 0 && closing !== null) drained.resolve();
  }

  async function inParts(inputs: readonly Tensor[], deadline: number, gone?: Gone): Promise<readonly Tensor[]> {
    const rows = rowsOf(inputs);
    const size = Math.max(1, Math.floor((maxElements * rows) / elementsOf(inputs)));
    const counts = Array.from({ length: Math.ceil(rows / size) }, (_, at) => Math.min(size, rows - at * size));
    const answers: (readonly Tensor[])[] = [];
    for (const part of splitBatch(inputs, counts) ?? [inputs]) {
      if (performance.now() > deadline) throw new DeadlineExceeded(`${rows} rows are too many for the time`);
      if (gone?.().aborted) throw new CallerGone("the caller has gone");
      answers.push(await parted(part));
    }
    return batchOf(answers);
  }

  return {
    takes: (inputs) => elementsOf(inputs) <= maxElements * (trial.batches ? rowsOf(inputs) : 1),
    infer(inputs, deadline, gone) {
      if (closing !== null) return Promise.reject(new Overloaded("the model is being unloaded"));
      running++;
      const large = trial.batches && elementsOf(inputs) > maxElements;
      const answer = large ? inParts(inputs, deadline, gone) : together(inputs);
      answer.then(leave, leave);
      return answer;
    },
    close() {
      // onnxruntime fails calls that are under way when their session is released: wait for them first.
      if (running === 0) drained.resolve();
      return (closing ??= drained.promise.then(() => session.release()));
    },
  };
}

function rowsOf(inputs: readonly Tensor[]): number {
  return inputs[0]?.shape[0] ?? 1;
}

/** Parts of large requests take turns, so that between two of them everything else gets its turn. */
function oneAfterAnother(run: Run): Run {
  let last: Promise<unknown> = Promise.resolve();
  return (inputs) => {
    const next = last.then(() => run(inputs));
    last = next.catch(() => undefined);
    return next;
  };
}

/** Looks at the processor time of each call. */
function clocked(run: LateRun, onSlow: () => void): LateRun {
  const stopwatch = createStopwatch();
  return async (inputs, gather) => {
    const start = (): readonly Tensor[] => {
      const gathered = gather === undefined ? inputs : gather();
      stopwatch.start();
      return gathered;
    };
    try {
      return await run(inputs, start);
    } finally {
      if (stopwatch.isSlow()) onSlow();
    }
  };
}

/** How old a look at the processor's clock may be, in milliseconds: it costs more than a whole small model. */
const staleMs = 1;

/**
 * Whether the call since `start` took more than `slowMs` of the thread's processor time: at least as much as the thread had
 * since the last look at that clock, less all the time from there to the start.
 */
function createStopwatch(): { start(): void; isSlow(): boolean } {
  let lookedAt = Number.NEGATIVE_INFINITY;
  let cpuMs = 0;
  let startedAt = Number.NEGATIVE_INFINITY;
  return {
    start() {
      startedAt = performance.now();
      if (startedAt - lookedAt < staleMs) return;
      lookedAt = startedAt;
      cpuMs = threadMs();
    },
    isSlow() {
      if (performance.now() - startedAt <= slowMs) return false;
      return threadMs() - cpuMs - (startedAt - lookedAt) > slowMs;
    },
  };
}

function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
