import type { Clock, Log } from "./react/ports.ts";

/** A version that fails a thousand times a second says so once in this time. */
const quietMs = 10_000;

/**
 * Why versions fail, for operators: the first failure of each at once, later ones with the number of those that were not
 * told in between. Clients are never told causes.
 */
export function createFaultLog(log: Log, clock: Clock): (model: string, version: number, error: unknown) => void {
  const told = new Map<string, { at: number; untold: number }>();
  return (model, version, error) => {
    const key = `${model}/${version}`;
    const last = told.get(key);
    const now = clock.now();
    if (last !== undefined && now - last.at < quietMs) {
      last.untold += 1;
      return;
    }
    told.set(key, { at: now, untold: 0 });
    log("warn", "a version failed a request", { model, version, error, untold: last?.untold ?? 0 });
  };
}
