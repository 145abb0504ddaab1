import type { Cut } from "../../schemas/cut.ts";
import type { StoredCut } from "../core/ports.ts";
import type { Accusation, CutLedger, Decision, Log } from "./ports.ts";

/** What the reactor needs; `View` is whatever `decide` looks at besides the accusation. */
export interface ReactorDeps<View> {
  readonly ledger: CutLedger;
  readonly decide: (accusation: Accusation, view: View) => Decision;
  /** What is served now, with the ledger's cuts. */
  readonly view: (accusation: Accusation) => View;
  /** Replaces the routing table by one that obeys the open cuts. In memory, at once. */
  readonly applyCuts: () => void;
  /** Tells the reconciler that there is something to commit. */
  readonly wake: () => void;
  /** Hears what each accusation came to: a person may be needed. */
  readonly heard?: (accusation: Accusation, decision: Decision) => void;
  readonly log: Log;
}

/** What an accusation came to. */
export interface Verdict {
  readonly decision: Decision;
  /** The cut that the accusation led to, or that was open already. */
  readonly cut: Cut | null;
  /** False: the cut is in force but only in memory; answer 503, so that the alert is sent again. */
  readonly acknowledged: boolean;
}

export interface Reactor {
  accuse(accusation: Accusation): Verdict;
  /** Cuts in force, oldest first. */
  openCuts(): readonly StoredCut[];
}

/**
 * Turns accusations into cuts: decide, move the traffic, store, wake the reconciler, in this order and without a pause.
 *
 * A kill -9 before the cut is stored loses it, and no one was told otherwise: an alert was not acknowledged and comes
 * again, and the guard sees the version fail again. Once it is stored it is reloaded at the next start. The store
 * comes after the traffic because it may be slow or away; then the cut stays in force in memory, is committed from
 * there, and each further accusation offers it to the store again. Until the store takes it, repeated alerts are not
 * acknowledged either, though they are decided as "cut already".
 */
export function createReactor<View>(deps: ReactorDeps<View>): Reactor {
  const { ledger, log } = deps;

  function act(cut: Cut): void {
    ledger.hold(cut);
    try {
      deps.applyCuts();
    } catch (error) {
      // A table that cannot be built must not keep the cut from disk and from git.
      log("error", "the traffic could not be moved", { error, cut });
    }
    ledger.flush();
    deps.wake();
  }

  function accuse(accusation: Accusation): Verdict {
    const decision = deps.decide(accusation, deps.view(accusation));
    if (decision.kind === "act") act(decision.cut);
    else ledger.flush();
    deps.heard?.(accusation, decision);
    log(decision.kind === "ignore" ? "info" : "warn", `${accusation.by}: ${decision.kind}`, { accusation, decision });
    return {
      decision,
      cut: decision.kind === "act" ? decision.cut : (named(accusation, openCuts()) ?? null),
      acknowledged: !ledger.held().some((cut) => isNamed(accusation, cut)),
    };
  }

  const openCuts = (): readonly StoredCut[] => ledger.list();
  return { accuse, openCuts };
}

function named(accusation: Accusation, cuts: readonly StoredCut[]): Cut | undefined {
  return cuts.findLast(({ cut }) => isNamed(accusation, cut))?.cut;
}

function isNamed({ model, version, environment }: Accusation, cut: Cut): boolean {
  return cut.model === model && cut.version === version && (environment === null || environment === cut.environment);
}
