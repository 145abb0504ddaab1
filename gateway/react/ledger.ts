import { cutKey, type Cut } from "../../schemas/cut.ts";
import type { CutStore, StoredCut } from "../core/ports.ts";
import type { CutLedger, Log } from "./ports.ts";

/**
 * Puts a memory before the store, so that a cut counts from the moment it is decided. What the store does not take is
 * held and offered again with each `flush`; what it cannot tell is answered from memory. Only `put` and `end` throw,
 * because whoever calls these has promised something on their word.
 */
export function createCutLedger(store: CutStore, log: Log): CutLedger {
  const held = new Map<string, StoredCut>();
  const firstServed = new Map<string, string>();
  let lastRead: readonly StoredCut[] = [];

  const attempt = <T>(what: string, ask: () => T, otherwise: T): T => askOr(log, what, ask, otherwise);

  function hold(cut: Cut): void {
    const key = cutKey(cut);
    if (!held.has(key)) held.set(key, { cut, state: { kind: "open" }, lastError: null });
  }

  function flush(): boolean {
    for (const [key, entry] of held) {
      const stored = attempt("keep a cut", () => (keep(store, entry), true), false);
      if (stored) held.delete(key);
    }
    return held.size === 0;
  }

  return {
    hold,
    flush,
    held: () => Array.from(held.values(), (entry) => entry.cut),
    list() {
      lastRead = attempt("list its cuts", () => store.list(), lastRead);
      const others = lastRead.filter((entry) => !held.has(cutKey(entry.cut)));
      return [...others, ...held.values()].toSorted((a, b) => Date.parse(a.cut.at) - Date.parse(b.cut.at));
    },
    put(cut) {
      hold(cut);
      flush();
      if (held.has(cutKey(cut))) throw new Error("the cut is in force, but it could not be stored");
    },
    setState(cut, state, lastError) {
      const key = cutKey(cut);
      const entry = held.get(key);
      if (entry !== undefined) held.set(key, { cut: entry.cut, state, lastError });
      else attempt("keep a cut's state", () => store.setState(cut, state, lastError), undefined);
    },
    end(cut, at) {
      store.end(cut, at);
      held.delete(cutKey(cut));
      lastRead = lastRead.filter((entry) => cutKey(entry.cut) !== cutKey(cut));
    },
    firstServed(model, version, phase, attempted, now) {
      const key = [model, version, phase, attempted].join("/");
      const since = firstServed.get(key) ?? now;
      const known = attempt("tell since when", () => store.firstServed(model, version, phase, attempted, since), since);
      firstServed.set(key, known);
      return known;
    },
    stableRollbacks(model, after) {
      const stored = attempt("tell earlier rollbacks", () => store.stableRollbacks(model, after), []);
      const automatic = [...held.values()].filter(({ cut }) => isStableRollback(cut, model) && cut.at >= after);
      return [...stored, ...automatic.map(({ cut }) => cut.at)].toSorted();
    },
    close: () => store.close(),
  };
}

function isStableRollback(cut: Cut, model: string): boolean {
  return cut.model === model && cut.phase === "stable" && cut.by !== "person";
}

function keep(store: CutStore, { cut, state, lastError }: StoredCut): void {
  store.put(cut);
  if (state.kind !== "open" || lastError !== null) store.setState(cut, state, lastError);
}

function askOr<T>(log: Log, what: string, ask: () => T, otherwise: T): T {
  try {
    return ask();
  } catch (error) {
    log("error", `the store of cuts could not ${what}`, { error });
    return otherwise;
  }
}
