import type { CutStore } from "../../gateway/react/ports.ts";

/** A store that can be made to fail and to work again. */
export function breakable(store: CutStore): CutStore & { broken: boolean } {
  const guarded = <A extends readonly unknown[], R>(call: (...given: A) => R) => {
    return (...given: A): R => {
      if (whole.broken) throw new Error("disk full");
      return call(...given);
    };
  };
  const whole = {
    broken: false,
    list: guarded(store.list),
    put: guarded(store.put),
    setState: guarded(store.setState),
    end: guarded(store.end),
    firstServed: guarded(store.firstServed),
    stableRollbacks: guarded(store.stableRollbacks),
    close: store.close,
  };
  return whole;
}
