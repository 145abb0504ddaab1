import { judge, type Judgement, type Objectives } from "../core/guard/judge.ts";
import { createGuardState, observe, restart, type GuardState } from "../core/guard/state.ts";
import type { Phase } from "../../schemas/model-deployment.ts";
import { clipEvidence, oneLine } from "../../schemas/plain-text.ts";
import type { Accusation, Clock, Log } from "./ports.ts";

/** After a failure the canary is judged at once, but not more often than this. */
const shortestGapMs = 50;
/** Without failures it is judged so often: stable's answers count too. */
const tickMs = 1000;
/** A canary that stays although it is bad (automatic rollback is off, say) is named again so often. */
const namedAgainMs = 60_000;

/** A canary to be watched; what it is measured by comes with it. */
export interface WatchedCanary {
  readonly environment: string;
  readonly model: string;
  readonly version: number;
  readonly attempt: number | null;
  /** What it is compared with; null where nothing serves as stable. */
  readonly stable: number | null;
  /** Percent. */
  readonly weight: number;
  /** Gateways that watch it, each its own share of the traffic. */
  readonly replicas: number;
  readonly slo: Objectives & { readonly windowSeconds: number };
}

/** What came of one attempt at a version that the gateway itself chose; never of a request that named its version. */
export interface WatchedAttempt {
  readonly model: string;
  readonly version: number;
  readonly phase: Phase;
  /** By the version's own fault. */
  readonly failed: boolean;
  readonly latencyMs: number;
}

export interface GuardWatch {
  /** The canaries that get traffic now. A new attempt starts with nothing; one that is gone is forgotten. */
  follow(canaries: readonly WatchedCanary[]): void;
  /** On the hot path. */
  record(attempt: WatchedAttempt): void;
  /** The last judgement of the model's canary, for `/status`. */
  judgement(model: string): Judgement | null;
  /** Attempts counted of that version of the model as canary; null where it is not watched. */
  attempts(model: string, version: number): number | null;
  stop(): void;
}

export interface GuardWatchDeps {
  readonly accuse: (accusation: Accusation) => unknown;
  readonly clock: Clock;
  readonly log: Log;
}

interface Watched {
  canary: WatchedCanary;
  readonly state: GuardState;
  judgement: Judgement | null;
  judgedAt: number;
  /** Attempts, of both phases, that the last judgement has seen. */
  judgedAttempts: number;
  namedAt: number;
  due: boolean;
}

/** Feeds the guard with attempts, lets it judge, and accuses what it finds bad. */
export function createGuardWatch(deps: GuardWatchDeps): GuardWatch {
  const { clock } = deps;
  const watched = new Map<string, Watched>();
  let callOff = (): void => {};

  function tick(): void {
    for (const one of watched.values()) look(one, deps);
    callOff = clock.after(tickMs, tick);
  }
  callOff = clock.after(tickMs, tick);

  return {
    follow(canaries) {
      const models = new Set(canaries.map((canary) => canary.model));
      for (const model of watched.keys()) if (!models.has(model)) watched.delete(model);
      for (const canary of canaries) {
        watched.set(canary.model, continued(watched.get(canary.model), canary, clock.now()));
      }
    },
    record({ model, version, phase, failed, latencyMs }) {
      const one = watched.get(model);
      // An attempt that began before the versions changed says nothing about these.
      if (one === undefined || version !== (phase === "canary" ? one.canary.version : one.canary.stable)) return;
      const { latencyP95Ms } = one.canary.slo;
      const slow = latencyP95Ms !== undefined && latencyMs > latencyP95Ms;
      observe(one.state, { phase, failed, slow, at: clock.now() });
      if (phase === "canary" && (failed || slow)) lookSoon(one, watched, deps);
    },
    judgement: (model) => watched.get(model)?.judgement ?? null,
    attempts(model, version) {
      const one = watched.get(model);
      return one?.canary.version === version ? one.state.canary.attempts : null;
    },
    stop() {
      callOff();
      watched.clear();
    },
  };
}

/** The same attempt goes on; measured by something else, its evidence starts anew. */
function continued(before: Watched | undefined, canary: WatchedCanary, now: number): Watched {
  const { windowSeconds } = canary.slo;
  if (before?.canary.version === canary.version && before.canary.attempt === canary.attempt) {
    if (measure(before.canary) !== measure(canary)) restart(before.state, now, windowSeconds);
    return Object.assign(before, { canary, judgedAttempts: -1 });
  }
  return {
    canary,
    state: createGuardState(now, windowSeconds),
    judgement: null,
    judgedAt: Number.NEGATIVE_INFINITY,
    judgedAttempts: 0,
    namedAt: Number.NEGATIVE_INFINITY,
    due: false,
  };
}

function measure({ stable, weight, slo }: WatchedCanary): string {
  return [stable, weight, slo.errorRate, slo.latencyP95Ms, slo.windowSeconds].join(" ");
}

/** At once, or when the gap since the last look is over. */
function lookSoon(one: Watched, watched: ReadonlyMap<string, Watched>, deps: GuardWatchDeps): void {
  if (one.due) return;
  const gap = one.judgedAt + shortestGapMs - deps.clock.now();
  if (gap <= 0) return look(one, deps);
  one.due = true;
  deps.clock.after(gap, () => {
    one.due = false;
    if (watched.get(one.canary.model) === one) look(one, deps);
  });
}

function look(one: Watched, deps: GuardWatchDeps): void {
  const now = deps.clock.now();
  const attempts = one.state.canary.attempts + one.state.stable.attempts;
  one.judgedAt = now;
  const seen = attempts === one.judgedAttempts && one.judgement !== null;
  if (!seen) {
    one.judgement = judge(one.state, one.canary.slo, one.canary, now);
    one.judgedAttempts = attempts;
  }
  const { judgement } = one;
  if (judgement?.kind !== "bad" || now - one.namedAt < namedAgainMs) return;
  one.namedAt = now;
  try {
    deps.accuse(accusationOf(one.canary, judgement, now));
  } catch (error) {
    one.namedAt = Number.NEGATIVE_INFINITY;
    deps.log("error", "the guard could not accuse a canary", { error, model: one.canary.model });
  }
}

function accusationOf({ environment, model, version }: WatchedCanary, judgement: Judgement, now: number): Accusation {
  return {
    by: "guard",
    model,
    version,
    environment,
    action: "rollback",
    status: "firing",
    startsAt: new Date(now).toISOString(),
    reason: oneLine(judgement.reason),
    evidence: clipEvidence(Object.entries(judgement.evidence)),
  };
}
