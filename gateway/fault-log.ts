import type { Clock, Log } from "./react/ports.ts";

/** What happens a thousand times a second is told once in this time. */
const quietMs = 10_000;

/**
 * Why versions fail, for operators: the first failure of each at once, later ones with the number of those that were not
 * told in between. Clients are never told causes.
 */
export function createFaultLog(log: Log, clock: Clock): (model: string, version: number, error: unknown) => void {
  const untoldOf = createPace(clock);
  return (model, version, error) => {
    const untold = untoldOf(`${model}/${version}`);
    if (untold !== null) log("warn", "a version failed a request", { model, version, error, untold });
  };
}

/** That clients leave before they are answered, as seldom: what they wait for may have become slow. "": no known model. */
export function createGoneLog(log: Log, clock: Clock): (model: string) => void {
  const untoldOf = createPace(clock);
  return (model) => {
    const untold = untoldOf(model);
    if (untold !== null) log("info", "a client has gone before it was answered", { model, status: 499, untold });
  };
}

/** That alerts are refused, as seldom: whoever sends them may have no eye on its own log. */
export function createAlertLog(log: Log, clock: Clock): (code: string, reason: string) => void {
  const untoldOf = createPace(clock);
  return (code, reason) => {
    const untold = untoldOf(code);
    if (untold !== null) log("warn", "an alert was refused", { code, reason, untold });
  };
}

/** The number of those of a key that were not told since the last that was; null: this one is not to be told either. */
function createPace(clock: Clock): (key: string) => number | null {
  const told = new Map<string, { at: number; untold: number }>();
  return (key) => {
    const last = told.get(key);
    const now = clock.now();
    if (last !== undefined && now - last.at < quietMs) {
      last.untold += 1;
      return null;
    }
    told.set(key, { at: now, untold: 0 });
    return last?.untold ?? 0;
  };
}
