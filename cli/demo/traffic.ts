import type { LoadRun, ReplyEvent } from "../loadgen/load.ts";
import { readParquet } from "../loadgen/row-files.ts";
import { runLoad } from "../loadgen/run.ts";
import type { Summary } from "../loadgen/summary.ts";
import { createPatients, type Part } from "./patients.ts";
import { createCounter, createExaminer, type Accuracy, type Count, type Counter } from "./tally.ts";
import { within } from "./wait.ts";

/** Requests a second. The forge and the load share one process, so it is no more than that takes with ease. */
const requestsPerSecond = 300;

/** Replies that the live line looks back on: a second's. */
const recentReplies = requestsPerSecond;

/** Steady traffic of held-out rows, counted as clients see it. */
export interface Traffic {
  /** Whose rows are sent from now on. */
  send(part: Part): void;
  /** How many different rows a part has. */
  size(part: Part): number;
  /** Counts from now on. */
  count(): Count;
  /** Waits until what was counted suffices; looked at after every reply. */
  until(isEnough: () => boolean, what: string): Promise<void>;
  /** The next reply of that kind. */
  next(isIt: (reply: ReplyEvent) => boolean, what: string): Promise<ReplyEvent>;
  /** Who was tried by the last second's requests, in no order. */
  recent(): readonly (string | null)[];
  accuracy(): readonly Accuracy[];
  summary(): Summary;
  /** Waits for the answers under way. */
  stop(): Promise<Summary>;
}

/** Starts sending. Ends at once where `signal` aborts. */
export async function startTraffic(gateway: string, rowsFile: string, signal: AbortSignal): Promise<Traffic> {
  const patients = createPatients(await readParquet(rowsFile, null), rowsFile);
  const counters = new Set<Counter>();
  const examiner = createExaminer();
  const recent: (string | null)[] = [];
  const listeners = new Set<(reply: ReplyEvent) => void>();

  function onReply(reply: ReplyEvent): void {
    for (const counter of counters) counter.add(reply);
    examiner.add(reply);
    recent.push(reply.error === null ? (reply.fallbackFrom ?? reply.version) : null);
    if (recent.length > recentReplies) recent.shift();
    for (const listener of listeners) listener(reply);
  }
  const options = { gateway, model: null, rps: requestsPerSecond, durationSeconds: null };
  const run: LoadRun = runLoad(options, { rows: patients, signal, onReply });
  // Whoever waits for the end hears of a failure; until then it must not end the process.
  run.done.catch(() => undefined);

  async function next(isIt: (reply: ReplyEvent) => boolean, what: string): Promise<ReplyEvent> {
    const { promise, resolve } = Promise.withResolvers<ReplyEvent>();
    const listener = (reply: ReplyEvent): void => {
      if (isIt(reply)) resolve(reply);
    };
    listeners.add(listener);
    try {
      return await within(promise, { what, signal });
    } finally {
      listeners.delete(listener);
    }
  }

  return {
    send: (part) => patients.send(part),
    size: (part) => patients.size(part),
    count() {
      const counter = createCounter();
      counters.add(counter);
      return counter;
    },
    until: async (isEnough, what) => void (isEnough() || (await next(isEnough, what))),
    next,
    recent: () => recent,
    accuracy: () => examiner.results(patients.size("everyone")),
    summary: () => run.snapshot(),
    stop() {
      run.stop();
      return run.done;
    },
  };
}
