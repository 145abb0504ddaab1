import type { CutStore } from "../../gateway/core/ports.ts";

/** A store that can be made to fail and to work again. */
export interface BreakableStore extends CutStore {
  broken: boolean;
}

/** The store, throwing at every call while `broken` is true. */
export function breakable(store: CutStore): BreakableStore {
  function works(): CutStore {
    if (whole.broken) throw new Error("disk full");
    return store;
  }
  const whole: BreakableStore = {
    broken: false,
    list: () => works().list(),
    put: (cut) => works().put(cut),
    setState: (cut, state, lastError) => works().setState(cut, state, lastError),
    end: (cut, at) => works().end(cut, at),
    firstServed: (...given) => works().firstServed(...given),
    stableRollbacks: (model, after) => works().stableRollbacks(model, after),
    close: () => store.close(),
  };
  return whole;
}
