import { exchange } from "./exchange.ts";
import type { LoadDeps, LoadOptions, LoadRun } from "./load.ts";
import type { Pace } from "./pace.ts";
import { dueAt, dueBy, makePace } from "./pace.ts";
import type { Row } from "./row.ts";
import type { Summary } from "./summary.ts";
import type { Tally } from "./tally.ts";
import { createTally } from "./tally.ts";

interface Flight {
  readonly k: number;
  readonly row: Row;
  readonly sentMs: number;
  readonly controller: AbortController;
  /** Why it was given up, where it was. */
  gaveUp: "time-out" | "abandoned" | null;
}

interface Run {
  readonly options: LoadOptions;
  readonly deps: LoadDeps;
  readonly url: string;
  readonly timeoutMs: number;
  readonly maxInFlight: number;
  readonly pace: Pace;
  readonly tally: Tally;
  /** In the order of sending, so that the first is the next to time out. */
  readonly flights: Set<Flight>;
  readonly finish: () => void;
  /** Number of the next request. */
  next: number;
  timer: ReturnType<typeof setTimeout> | undefined;
  ending: Exclude<Summary["ended"], null> | null;
  /** When sending ended and when the last answer had come. */
  sendingEndMs: number | null;
  endMs: number | null;
  failure: { readonly error: unknown } | null;
}

/** Starts the load now. Sends `{"model", "features"}` to `<gateway>/predict` at a fixed rate whatever the answers take. */
export function runLoad(options: LoadOptions, deps: LoadDeps): LoadRun {
  if (!(options.rps > 0) || !Number.isFinite(options.rps))
    throw new RangeError(`rps must be above 0, not ${options.rps}`);
  const { promise: landed, resolve: finish } = Promise.withResolvers<void>();
  const run: Run = {
    options,
    deps,
    url: `${options.gateway}/predict`,
    timeoutMs: options.timeoutMs ?? 10_000,
    maxInFlight: options.maxInFlight ?? 256,
    pace: makePace(performance.now(), options.rps, options.durationSeconds),
    tally: createTally(),
    flights: new Set(),
    finish,
    next: 0,
    timer: undefined,
    ending: null,
    sendingEndMs: null,
    endMs: null,
    failure: null,
  };
  const onAbort = (): void => abandon(run);
  deps.signal?.addEventListener("abort", onAbort, { once: true });
  const done = landed.then(() => {
    deps.signal?.removeEventListener("abort", onAbort);
    if (run.failure !== null) throw run.failure.error;
    return summaryOf(run);
  });
  if (deps.signal?.aborted === true) onAbort();
  else tick(run);
  return { snapshot: () => summaryOf(run), stop: () => endSending(run, "stopped"), done };
}

/** Sends what is due, gives up what took too long, and sets the timer for the next of either. */
function tick(run: Run): void {
  clearTimeout(run.timer);
  const now = performance.now();
  try {
    const due = run.ending === null ? dueBy(run.pace, now) : 0;
    while (run.next < due) launch(run, run.next++);
  } catch (error) {
    crash(run, error);
  }
  for (const flight of run.flights) {
    if (flight.sentMs + run.timeoutMs > now) break;
    giveUp(flight, "time-out");
  }
  if (run.ending === null && run.next >= run.pace.total) endSending(run, "duration");
  else schedule(run);
}

function schedule(run: Run): void {
  clearTimeout(run.timer);
  if (run.endMs !== null) return;
  let wake = run.ending === null ? dueAt(run.pace, run.next) : Number.POSITIVE_INFINITY;
  for (const flight of run.flights) {
    // One that was given up already is only waiting for its end.
    if (flight.gaveUp !== null) continue;
    wake = Math.min(wake, flight.sentMs + run.timeoutMs);
    break;
  }
  // A timer set for days ahead would overflow.
  if (wake !== Number.POSITIVE_INFINITY)
    run.timer = setTimeout(tick, Math.min(Math.max(0, wake - performance.now()), 60_000), run);
}

function launch(run: Run, k: number): void {
  if (run.flights.size >= run.maxInFlight) {
    const message = `${run.maxInFlight} requests were in flight already: answers take too long for this rate`;
    run.tally.overloaded(message, performance.now() - dueAt(run.pace, k));
    return;
  }
  const row = run.deps.rows.next();
  const sentMs = performance.now();
  const flight: Flight = { k, row, sentMs, controller: new AbortController(), gaveUp: null };
  run.flights.add(flight);
  run.tally.sent(sentMs - dueAt(run.pace, k));
  fly(run, flight)
    .catch((error: unknown) => crash(run, error))
    .finally(() => {
      run.flights.delete(flight);
      settle(run);
    });
}

/** Sends one request and counts how it ended. Throws only what `onReply` throws. */
async function fly(run: Run, flight: Flight): Promise<void> {
  const { options, tally } = run;
  const { k, row } = flight;
  const { model, sticky } = options;
  const { signal } = flight.controller;
  const outcome = await exchange({ url: run.url, model, features: row.features, sticky: sticky ?? null, k, signal });
  const now = performance.now();
  const latencyMs = now - dueAt(run.pace, k);
  const serviceMs = now - flight.sentMs;
  if (outcome.kind === "replied") {
    tally.replied(outcome.reply, row.label, latencyMs, serviceMs);
    run.deps.onReply?.({ ...outcome.reply, k, row, atMs: Date.now(), latencyMs });
  } else if (flight.gaveUp === "time-out") {
    tally.timedOut(`no answer within ${run.timeoutMs} ms`, latencyMs, serviceMs);
  } else if (flight.gaveUp === "abandoned") {
    tally.abandoned();
  } else {
    tally.broke(outcome.message);
  }
}

function giveUp(flight: Flight, why: "time-out" | "abandoned"): void {
  if (flight.gaveUp !== null) return;
  flight.gaveUp = why;
  flight.controller.abort();
}

/** No request is sent after this; those in flight go on until they are answered or time out. */
function endSending(run: Run, why: Exclude<Summary["ended"], null>): void {
  if (run.ending !== null) return;
  run.ending = why;
  const now = performance.now();
  // The last request's own interval belongs to the time of sending, as each other's does.
  run.sendingEndMs = why === "duration" ? Math.max(now, dueAt(run.pace, run.pace.total)) : now;
  schedule(run);
  settle(run);
}

function abandon(run: Run): void {
  endSending(run, "aborted");
  if (run.endMs !== null) return;
  run.ending = "aborted";
  for (const flight of run.flights) giveUp(flight, "abandoned");
}

function crash(run: Run, error: unknown): void {
  run.failure ??= { error };
  abandon(run);
}

function settle(run: Run): void {
  if (run.ending === null || run.flights.size > 0 || run.endMs !== null) return;
  run.endMs = performance.now();
  clearTimeout(run.timer);
  run.finish();
}

function summaryOf(run: Run): Summary {
  const now = performance.now();
  return run.tally.summary({
    ended: run.endMs === null ? null : run.ending,
    elapsedMs: (run.endMs ?? now) - run.pace.startMs,
    dueMs: (run.sendingEndMs ?? now) - run.pace.startMs,
    askedPerSecond: run.options.rps,
  });
}
