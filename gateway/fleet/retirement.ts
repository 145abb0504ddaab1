import type { LoadedModel } from "../core/ports.ts";

/**
 * Versions that left the table: closed after a while, at once when everything ends. What cannot be closed is told: requests
 * for other versions have nothing to do with it.
 */
export function createRetirement(onError: (error: unknown) => void): {
  add(models: readonly LoadedModel[], lingerMs: number): void;
  close(): Promise<void>;
} {
  const waiting = new Map<LoadedModel, ReturnType<typeof setTimeout>>();
  const closing = new Set<Promise<void>>();
  function end(model: LoadedModel): void {
    waiting.delete(model);
    const done: Promise<void> = model
      .close()
      .catch(onError)
      .finally(() => void closing.delete(done));
    closing.add(done);
  }
  return {
    add(models, lingerMs) {
      for (const model of models) waiting.set(model, setTimeout(end, lingerMs, model));
    },
    async close() {
      for (const [model, timer] of waiting) {
        clearTimeout(timer);
        end(model);
      }
      await Promise.all(closing);
    },
  };
}
