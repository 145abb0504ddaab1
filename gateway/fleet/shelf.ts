import type { Problem } from "../../schemas/problem.ts";
import type { LoadedModel } from "../core/ports.ts";
import { LateLoad, problemsOf } from "./load-version.ts";

/** How many versions load at the same time: more would only take turns on the cores. */
const atOnce = 2;

/** How far a version is on its way into memory. `due`: it failed before, and may be ordered again. */
export interface Place {
  readonly kind: "due" | "coming" | "here" | "failed";
  readonly model: LoadedModel | null;
  /** Of the last try; they stand until the next one is through. */
  readonly problems: readonly Problem[];
}

/** Versions by a key that says what they are made from: another key is another model. */
export interface Shelf {
  find(key: string): Place | undefined;
  /** Loads what is not here, on its way, or known to fail. */
  order(key: string, load: () => Promise<LoadedModel>): void;
  /** What failed may be ordered again. */
  forgive(): void;
  /** Lets go of everything else; answers with the models that are the caller's to close. */
  keep(keys: ReadonlySet<string>): readonly LoadedModel[];
  /** Resolves when nothing that is kept is on its way. */
  quiet(): Promise<void>;
  /** Takes no more orders, waits for the loads that run, and answers with all that is in memory. */
  close(): Promise<readonly LoadedModel[]>;
}

interface Spot extends Place {
  kind: Place["kind"];
  model: LoadedModel | null;
  problems: readonly Problem[];
  /** False: nobody asks for it any more, but its load cannot be called off. */
  kept: boolean;
  /** Its load was given up for its time and has not ended: it still holds a thread, so there is no second one. */
  late: boolean;
}

interface Order {
  readonly key: string;
  readonly spot: Spot;
  readonly load: () => Promise<LoadedModel>;
}

interface State {
  readonly spots: Map<string, Spot>;
  readonly queue: Order[];
  readonly running: Set<Promise<void>>;
  closed: boolean;
  /** Calls whoever waits for quiet. */
  readonly settled: () => void;
}

/** `onSettled`: something has come, or has failed. */
export function createShelf(onSettled: () => void): Shelf {
  let waiting: PromiseWithResolvers<void> | null = null;
  const state: State = { spots: new Map(), queue: [], running: new Set(), closed: false, settled };
  const { spots, queue, running } = state;

  function settled(): void {
    if (!state.closed) onSettled();
    tellQuiet();
  }

  function tellQuiet(): void {
    if (!isQuiet(state)) return;
    waiting?.resolve();
    waiting = null;
  }

  return {
    find: (key) => spots.get(key),
    order(key, load) {
      if (state.closed) return;
      const spot = spots.get(key) ?? { kind: "due", model: null, problems: [], kept: true, late: false };
      spots.set(key, spot);
      spot.kept = true;
      if (spot.kind !== "due") return;
      spot.kind = "coming";
      queue.push({ key, spot, load });
      pump(state);
    },
    forgive() {
      for (const spot of spots.values()) if (spot.kind === "failed" && !spot.late) spot.kind = "due";
    },
    keep(keys) {
      const gone: LoadedModel[] = [];
      for (const [key, spot] of spots) {
        spot.kept = keys.has(key);
        if (spot.kept || spot.kind === "coming" || spot.late) continue;
        spots.delete(key);
        if (spot.model !== null) gone.push(spot.model);
      }
      tellQuiet();
      return gone;
    },
    async quiet() {
      while (!isQuiet(state)) await (waiting ??= Promise.withResolvers<void>()).promise;
    },
    async close() {
      state.closed = true;
      queue.length = 0;
      tellQuiet();
      await Promise.all(running);
      return [...spots.values()].flatMap(({ model }) => (model === null ? [] : [model]));
    },
  };
}

function isQuiet({ closed, spots }: State): boolean {
  return closed || ![...spots.values()].some(({ kind, kept }) => kept && kind === "coming");
}

/** Starts what is next in the queue, as far as there is room. */
function pump(state: State): void {
  const { spots, queue, running } = state;
  while (running.size < atOnce) {
    const next = queue.shift();
    if (next === undefined) return;
    if (!next.spot.kept) {
      spots.delete(next.key);
      continue;
    }
    const run: Promise<void> = bring(state, next).finally(() => {
      running.delete(run);
      pump(state);
      state.settled();
    });
    running.add(run);
  }
}

/** Never rejects: the spot tells what became of it. */
async function bring(state: State, order: Order): Promise<void> {
  const { key, spot, load } = order;
  try {
    await arrived(state, order, await load());
  } catch (error) {
    Object.assign(spot, { kind: "failed", problems: problemsOf(error) });
    if (error instanceof LateLoad) awaitLate(state, order, error.model);
    else if (!spot.kept) state.spots.delete(key);
  }
}

async function arrived({ spots, closed }: State, { key, spot }: Order, model: LoadedModel): Promise<void> {
  if (spot.kept && !closed) return void Object.assign(spot, { kind: "here", model, problems: [] });
  spots.delete(key);
  await model.close();
}

/** What comes too late is taken all the same where it is still asked for. */
function awaitLate(state: State, order: Order, model: Promise<LoadedModel>): void {
  order.spot.late = true;
  void model
    .then((loaded) => arrived(state, order, loaded))
    .catch(() => undefined)
    .finally(() => {
      order.spot.late = false;
      state.settled();
    });
}
