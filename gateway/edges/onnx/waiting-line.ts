/** Share of the newest call in what the next is expected to take. */
const newest = 0.2;

/** Calls vary; this many mean deviations above the mean is what few of them take (as TCP sets its retransmission timer, RFC 6298). */
const deviations = 3;

/** Somebody who waits until a deadline, in milliseconds of one clock. */
interface Waiting {
  readonly deadline: number;
}

export interface WaitingLine<Caller extends Waiting> {
  readonly size: number;
  push(caller: Caller): void;
  /** The next to serve; undefined where nobody waits. */
  next(now: number): Caller | undefined;
  /** Lets go of who has waited in vain. */
  dropLate(now: number): void;
  /** Whether the caller was still waiting. */
  remove(caller: Caller): boolean;
  /** A call took as many milliseconds. */
  took(ms: number): void;
  /** Everybody leaves. */
  clear(): readonly Caller[];
}

/**
 * First come, first served, among those who can still be answered in time: a queue that serves who has given up, or is about
 * to, works at full load for nobody. `onLate` is told of everybody who is passed over.
 */
export function createWaitingLine<Caller extends Waiting>(options: {
  readonly expectedMs: number;
  readonly onLate: (caller: Caller) => void;
}): WaitingLine<Caller> {
  let waiting: Caller[] = [];
  let mean = options.expectedMs;
  let deviation = 0;

  function dropLate(now: number): void {
    const late = waiting.filter(({ deadline }) => deadline <= now);
    if (late.length === 0) return;
    waiting = waiting.filter(({ deadline }) => deadline > now);
    late.forEach(options.onLate);
  }

  return {
    get size() {
      return waiting.length;
    },
    push: (caller) => void waiting.push(caller),
    next(now) {
      dropLate(now);
      const expected = now + mean + deviations * deviation;
      const inTime = waiting.findIndex(({ deadline }) => expected <= deadline);
      // Where nobody can be, the last has the best chance; and without any call, nobody would learn that they are fast again.
      const at = inTime === -1 ? waiting.length - 1 : inTime;
      const passed = waiting.splice(0, Math.max(0, at));
      passed.forEach(options.onLate);
      return waiting.shift();
    },
    dropLate,
    remove(caller) {
      const at = waiting.indexOf(caller);
      if (at !== -1) waiting.splice(at, 1);
      return at !== -1;
    },
    took(taken) {
      // One call that the machine held up says little about the next; where they stay slow, this doubles again and again.
      const ms = Math.min(taken, 2 * mean);
      deviation += newest * (Math.abs(ms - mean) - deviation);
      mean += newest * (ms - mean);
    },
    clear: () => waiting.splice(0),
  };
}
