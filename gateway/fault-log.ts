import { createVersionMap, type IsLive } from "./core/version-map.ts";
import type { Clock, Log } from "./react/ports.ts";

/** What happens a thousand times a second is told once in this time. */
const quietMs = 10_000;

/**
 * Why versions fail, for operators: the first failure of each at once, later ones with the number of those that were not
 * told in between. Clients are never told causes.
 */
export function createFaultLog(
  log: Log,
  clock: Clock,
  isLive: IsLive,
): (model: string, version: number, error: unknown) => void {
  const paces = createVersionMap(isLive, newPace);
  return (model, version, error) => {
    const untold = untoldAt(paces.of(model, version), clock.now());
    if (untold !== null) log("warn", "a version failed a request", { model, version, error, untold });
  };
}

/** That clients leave before they are answered, as seldom: what they wait for may have become slow. "": no known model. */
export function createGoneLog(log: Log, clock: Clock, isLive: IsLive): (model: string) => void {
  const paces = createVersionMap(isLive, newPace);
  return (model) => {
    const untold = untoldAt(paces.of(model, null), clock.now());
    if (untold !== null) log("info", "a client has gone before it was answered", { model, status: 499, untold });
  };
}

/** That alerts are refused, as seldom for each code: whoever sends them may have no eye on its own log. */
export function createAlertLog(log: Log, clock: Clock): (code: string, reason: string) => void {
  const paces = new Map<string, Pace>();
  return (code, reason) => {
    const pace = paces.get(code) ?? newPace();
    paces.set(code, pace);
    const untold = untoldAt(pace, clock.now());
    if (untold !== null) log("warn", "an alert was refused", { code, reason, untold });
  };
}

/** When something was told last, and how often it has happened since. */
interface Pace {
  at: number;
  untold: number;
}

function newPace(): Pace {
  return { at: Number.NEGATIVE_INFINITY, untold: 0 };
}

/** How often it was not told since the last time; null: it is not to be told now either. */
function untoldAt(pace: Pace, now: number): number | null {
  if (now - pace.at < quietMs) {
    pace.untold += 1;
    return null;
  }
  const { untold } = pace;
  Object.assign(pace, newPace(), { at: now });
  return untold;
}
