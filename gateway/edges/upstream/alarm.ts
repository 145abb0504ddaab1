/** Wakes at the earliest of many times, with one timer for all of them. */
export interface Alarm {
  /** Wake at this time (of `performance.now()`), or before. */
  by(time: number): void;
  stop(): void;
}

/** Longest time that a timer takes; a later one fires at once. */
const longestMs = 2 ** 31 - 1;

/**
 * `onDue` ends what is due now, and says when the next is (Infinity: never). A request that is answered in time, as nearly all
 * are, so costs no timer: the one that is set wakes up for nothing, once for all of them.
 */
export function createAlarm(onDue: (now: number) => number): Alarm {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let setFor = Number.POSITIVE_INFINITY;

  function by(time: number): void {
    if (time >= setFor) return;
    clearTimeout(timer);
    setFor = time;
    // A timer that fires a fraction too early would find nothing due.
    const ms = Math.max(0, Math.ceil(time - performance.now()));
    wait(ms, ring);
  }

  function wait(ms: number, then: () => void): void {
    timer = setTimeout(then, Math.min(ms, longestMs));
    timer.unref();
  }

  /** Where something held up the process, timers come before what arrived meanwhile, and in time: that is read first. */
  function ring(): void {
    wait(1, end);
  }

  function end(): void {
    setFor = Number.POSITIVE_INFINITY;
    by(onDue(performance.now()));
  }

  return {
    by,
    stop() {
      clearTimeout(timer);
      setFor = Number.POSITIVE_INFINITY;
    },
  };
}
