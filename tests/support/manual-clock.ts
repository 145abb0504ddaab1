import type { Clock } from "../../gateway/react/ports.ts";

/** A clock that moves when it is told to. */
export interface ManualClock extends Clock {
  /** Moves on, calling what is due in order; promises get their turn between the calls. */
  advance(ms: number): Promise<void>;
  /** Milliseconds until the next call that is due, or null. */
  next(): number | null;
}

export function createManualClock(start = Date.parse("2026-11-21T08:00:00.000Z")): ManualClock {
  let now = start;
  const timers = new Set<{ readonly at: number; readonly call: () => void }>();
  const earliest = () => [...timers].toSorted((a, b) => a.at - b.at)[0];
  return {
    now: () => now,
    after(ms, call) {
      const timer = { at: now + ms, call };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    async advance(ms) {
      const until = now + ms;
      await settled();
      for (let timer = earliest(); timer !== undefined && timer.at <= until; timer = earliest()) {
        timers.delete(timer);
        now = Math.max(now, timer.at);
        timer.call();
        await settled();
      }
      now = until;
    },
    next: () => {
      const timer = earliest();
      return timer === undefined ? null : timer.at - now;
    },
  };
}

/** Everything that was resolved so far has run. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
