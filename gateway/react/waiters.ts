import type { Clock } from "./ports.ts";

/** People who wait for something to be told about a key, each for a limited time. */
export interface Waiters<T> {
  /** What is told next about the key, or null when `timeoutMs` have passed. */
  wait(key: string, timeoutMs: number): Promise<T | null>;
  tell(key: string, value: T): void;
  /** Nothing will be told any more. */
  dismiss(): void;
}

export function createWaiters<T>(clock: Clock): Waiters<T> {
  const waiting = new Map<string, Set<(value: T | null) => void>>();

  function release(key: string, value: T | null): void {
    const released = waiting.get(key);
    waiting.delete(key);
    for (const resolve of released ?? []) resolve(value);
  }

  return {
    wait(key, timeoutMs) {
      const { promise, resolve } = Promise.withResolvers<T | null>();
      const here = waiting.get(key) ?? new Set();
      waiting.set(key, here);
      const giveUp = clock.after(timeoutMs, () => {
        here.delete(settle);
        resolve(null);
      });
      function settle(value: T | null): void {
        giveUp();
        resolve(value);
      }
      here.add(settle);
      return promise;
    },
    tell: release,
    dismiss: () => Array.from(waiting.keys()).forEach((key) => release(key, null)),
  };
}
