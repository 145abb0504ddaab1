import { cutKey, standingOfCut, type Cut } from "../schemas/cut.ts";
import type { ModelDeployment } from "../schemas/model-deployment.ts";
import type { CutLedger, ReadDeployment } from "./react/ports.ts";

/** The cuts that a routing table obeys. */
export interface ObeyedCuts {
  /** As they are now; a table that is built takes these. */
  take(): readonly Cut[];
  /** Those of the newest table. */
  taken(): readonly Cut[];
  /** True where a table built now would obey others. */
  changed(): boolean;
  /** Ended by another process over the same store, which has read from git why; this one has not yet. */
  endedElsewhere(): readonly Cut[];
}

/**
 * The cuts of the store, and those that left it before this gateway has read from git that they are over: without them a
 * version that was taken out would get traffic again until the next look at the branch.
 */
export function createObeyedCuts(ledger: Pick<CutLedger, "list">, deployment: ReadDeployment): ObeyedCuts {
  let taken: readonly Cut[] = [];
  function current(): { readonly open: readonly Cut[]; readonly elsewhere: readonly Cut[] } {
    const open = ledger.list().map(({ cut }) => cut);
    const keys = new Set(open.map(cutKey));
    const gone = taken.filter((cut) => !keys.has(cutKey(cut)));
    return { open, elsewhere: gone.filter((cut) => isOpen(cut, deployment(cut.model))) };
  }
  const both = (): readonly Cut[] => {
    const { open, elsewhere } = current();
    return [...elsewhere, ...open];
  };
  return {
    take: () => (taken = both()),
    taken: () => taken,
    changed: () => JSON.stringify(both()) !== JSON.stringify(taken),
    endedElsewhere: () => current().elsewhere,
  };
}

/** A deployment that cannot be read says nothing about an end. */
function isOpen(cut: Cut, deployment: ModelDeployment | null | undefined): boolean {
  return deployment === undefined || standingOfCut(cut, deployment).kind === "open";
}
