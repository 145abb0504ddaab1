/**
 * Runs work one at a time. All that ask while it runs share one more run, which sees everything that they saw. A run that
 * fails is told to those who share it, and to nobody else. After `stop` nothing runs any more.
 */
export function oneAfterAnother(work: () => Promise<void>): { take(): Promise<void>; stop(): Promise<void> } {
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;
  let stopped = false;
  function take(): Promise<void> {
    if (stopped) return Promise.resolve();
    if (running !== null) {
      next ??= running.catch(() => undefined).then(again);
      return next;
    }
    running = work().finally(() => {
      running = null;
    });
    return running;
  }
  function again(): Promise<void> {
    next = null;
    return take();
  }
  return {
    take,
    async stop() {
      stopped = true;
      await running?.catch(() => undefined);
    },
  };
}
