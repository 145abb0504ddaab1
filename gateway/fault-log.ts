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
  const untoldOf = createPace(clock, isLive);
  return (model, version, error) => {
    const untold = untoldOf(model, version);
    if (untold !== null) log("warn", "a version failed a request", { model, version, error, untold });
  };
}

/** That clients leave before they are answered, as seldom: what they wait for may have become slow. "": no known model. */
export function createGoneLog(log: Log, clock: Clock, isLive: IsLive): (model: string) => void {
  const untoldOf = createPace(clock, isLive);
  return (model) => {
    const untold = untoldOf(model, null);
    if (untold !== null) log("info", "a client has gone before it was answered", { model, status: 499, untold });
  };
}

/** The number of those of a version that were not told since the last that was; null: this one is not to be told either. */
function createPace(clock: Clock, isLive: IsLive): (model: string, version: number | null) => number | null {
  const told = createVersionMap(isLive, () => ({ at: Number.NEGATIVE_INFINITY, untold: 0 }));
  return (model, version) => {
    const last = told.of(model, version);
    const now = clock.now();
    if (now - last.at < quietMs) {
      last.untold += 1;
      return null;
    }
    const { untold } = last;
    Object.assign(last, { at: now, untold: 0 });
    return untold;
  };
}
