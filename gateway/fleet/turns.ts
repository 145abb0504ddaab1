/**
 * Runs work one at a time. All that ask while it runs share one more run, which sees everything that they saw. After
 * `stop` nothing runs any more.
 */
export function oneAfterAnother(work: () => Promise<void>): { take(): Promise<void>; stop(): Promise<void> } {
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;
  let stopped = false;
  function take(): Promise<void> {
    if (stopped) return Promise.resolve();
    if (running !== null) {
      next ??= running.then(() => {
        next = null;
        return take();
      });
      return next;
    }
    running = work().finally(() => {
      running = null;
    });
    return running;
  }
  return {
    take,
    async stop() {
      stopped = true;
      await running;
    },
  };
}
