/** Tries again by itself while something fails: after `firstMs`, then after twice as long each time, up to 64 times that. */
export function createRetry(firstMs: number, again: () => void): { plan(isFailing: boolean): void; stop(): void } {
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;
  function stop(): void {
    clearTimeout(timer);
    timer = undefined;
  }
  return {
    plan(isFailing) {
      if (stopped) return;
      if (!isFailing) {
        stop();
        failures = 0;
        return;
      }
      timer ??= setTimeout(
        () => {
          timer = undefined;
          failures++;
          again();
        },
        firstMs * 2 ** Math.min(failures, 6),
      );
    },
    stop() {
      stopped = true;
      stop();
    },
  };
}
