import type { Problem } from "../../schemas/problem.ts";
import type { LoadedModel } from "../core/ports.ts";
import { LateLoad, problemsOf } from "./load-version.ts";

/** How many versions load at the same time: more would only take turns on the cores. */
const atOnce = 2;

/** How far a version is on its way into memory. `due`: it may be ordered, again where it has failed. */
export interface Place {
  readonly kind: "due" | "queued" | "coming" | "here" | "failed";
  readonly model: LoadedModel | null;
  /** Of the last try; they stand until the next one is through. */
  readonly problems: readonly Problem[];
}

/** A version that is to be in memory. */
export interface Order {
  readonly key: string;
  /** What it takes of the room. */
  readonly bytes: number;
  /** It gets traffic: it is loaded whether there is room or not. */
  readonly isServing: boolean;
  readonly load: () => Promise<LoadedModel>;
}

export interface Wanted {
  /** Of everything that is to stay or to come. */
  readonly keys: ReadonlySet<string>;
  /** What is loaded where it is not here, on its way, or known to fail. */
  readonly orders: readonly Order[];
  readonly limitBytes: number;
}

/**
 * Versions by a key that says what they are made from: another key is another model.
 *
 * The shelf owns a loaded model's life: what it has loaded it closes, once, and until that is through it counts as open. A load
 * begins only where all that is open leaves room for it, or where it gets traffic. What is not wanted any more is closed
 * at once, which waits for what runs on it. Nothing need linger: a request begins on a version in the turn in which it finds
 * it in the table, and looks into the newest table where it needs a second one.
 */
export interface Shelf {
  find(key: string): Place | undefined;
  /** Lets go of everything else, and loads what is missing as soon as there is room. */
  want(wanted: Wanted): void;
  /** What failed may be ordered again. */
  forgive(): void;
  /** Resolves when nothing that is wanted is on its way, or it waits for room that nothing is about to make. */
  quiet(): Promise<void>;
  /** Loads nothing more, waits for the loads that run, and closes everything. */
  close(): Promise<void>;
}

interface Spot extends Place {
  kind: Place["kind"];
  model: LoadedModel | null;
  problems: readonly Problem[];
  order: Order;
  /** False: nobody asks for it any more, but its load cannot be called off. */
  kept: boolean;
  /** Its load was given up for its time and has not ended: it still holds a thread, so there is no second one. */
  late: boolean;
}

interface State {
  readonly spots: Map<string, Spot>;
  /** Loads that run. */
  readonly running: Set<Promise<void>>;
  /** What is being closed, with its bytes. */
  readonly closing: Map<Promise<void>, number>;
  limitBytes: number;
  closed: boolean;
  /** Calls whoever waits for quiet. */
  readonly tellQuiet: () => void;
  readonly onSettled: () => void;
  readonly onError: (error: unknown) => void;
}

/** `onSettled`: something has come, or has failed. `onError`: something could not be closed. */
export function createShelf(onSettled: () => void, onError: (error: unknown) => void): Shelf {
  let waiting: PromiseWithResolvers<void> | null = null;
  const spots = new Map<string, Spot>();
  const [running, closing] = [new Set<Promise<void>>(), new Map<Promise<void>, number>()];
  const state: State = { spots, running, closing, limitBytes: Infinity, closed: false, tellQuiet, onSettled, onError };

  function tellQuiet(): void {
    if (!isQuiet(state)) return;
    waiting?.resolve();
    waiting = null;
  }

  return {
    find: (key) => spots.get(key),
    want({ keys, orders, limitBytes }) {
      if (state.closed) return;
      state.limitBytes = limitBytes;
      for (const [key, spot] of spots) {
        spot.kept = keys.has(key);
        if (!spot.kept) drop(state, spot);
      }
      for (const order of orders) {
        const fresh: Spot = { kind: "due", model: null, problems: [], order, kept: true, late: false };
        const spot = spots.getOrInsert(order.key, fresh);
        spot.order = order;
        if (spot.kind === "due") spot.kind = "queued";
      }
      pump(state);
      tellQuiet();
    },
    forgive() {
      for (const spot of spots.values()) if (spot.kind === "failed" && !spot.late) spot.kind = "due";
    },
    async quiet() {
      while (!isQuiet(state)) await (waiting ??= Promise.withResolvers<void>()).promise;
    },
    async close() {
      state.closed = true;
      tellQuiet();
      await Promise.all(running);
      for (const spot of spots.values()) drop(state, spot);
      await Promise.all(closing.keys());
    },
  };
}

function isQuiet({ closed, spots, running, closing }: State): boolean {
  const isOnItsWay = ({ kind, kept }: Spot): boolean => kept && (kind === "queued" || kind === "coming");
  return closed || running.size + closing.size === 0 || ![...spots.values()].some(isOnItsWay);
}

/** Starts what is next, as far as there is room. */
function pump(state: State): void {
  const { spots, running, closed } = state;
  for (const spot of closed ? [] : spots.values()) {
    if (running.size >= atOnce) return;
    if (spot.kind === "queued" && hasRoom(state, spot.order)) start(state, spot);
  }
}

function hasRoom({ spots, closing, limitBytes }: State, { isServing, bytes }: Order): boolean {
  if (isServing || limitBytes === Infinity) return true;
  const open = [...spots.values()].filter(({ kind, late }) => kind === "coming" || kind === "here" || late);
  const taken = [...open.map(({ order }) => order.bytes), ...closing.values()];
  return taken.reduce((sum, each) => sum + each, bytes) <= limitBytes;
}

function start(state: State, spot: Spot): void {
  spot.kind = "coming";
  const run: Promise<void> = bring(state, spot).finally(() => {
    state.running.delete(run);
    settle(state);
  });
  state.running.add(run);
}

function settle(state: State): void {
  if (!state.closed) state.onSettled();
  pump(state);
  state.tellQuiet();
}

/** Never rejects: the spot tells what became of it. */
async function bring(state: State, spot: Spot): Promise<void> {
  try {
    arrived(state, spot, await spot.order.load());
  } catch (error) {
    Object.assign(spot, { kind: "failed", problems: problemsOf(error) });
    if (error instanceof LateLoad) awaitLate(state, spot, error.model);
    else if (!spot.kept) drop(state, spot);
  }
}

function arrived(state: State, spot: Spot, model: LoadedModel): void {
  Object.assign(spot, { kind: "here", model, problems: [], late: false });
  if (!spot.kept) drop(state, spot);
}

/** What comes too late is taken all the same where it is still asked for. */
function awaitLate(state: State, spot: Spot, model: Promise<LoadedModel>): void {
  spot.late = true;
  void model
    .then((loaded) => arrived(state, spot, loaded))
    .catch(() => void (spot.late = false))
    .finally(() => (state.closed ? drop(state, spot) : settle(state)));
}

/** Takes it off the shelf, and closes it. A load that runs comes back here when it ends. */
function drop(state: State, spot: Spot): void {
  const { spots, closing, onError } = state;
  const { kind, late, model, order } = spot;
  if (kind === "coming" || late) return;
  spots.delete(order.key);
  spot.model = null;
  if (model === null) return;
  const done: Promise<void> = model
    .close()
    .catch(onError)
    .finally(() => {
      closing.delete(done);
      pump(state);
      state.tellQuiet();
    });
  closing.set(done, order.bytes);
}
