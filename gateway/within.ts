import { CallerGone, type Gone } from "./core/ports.ts";

/** What comes of `running`, unless it takes longer than `ms`, which `late` has the error for, or the caller goes before. */
export async function within<T>(ms: number, running: Promise<T>, late: () => Error, gone?: Gone): Promise<T> {
  const { promise: over, reject } = Promise.withResolvers<never>();
  const timer = ms === Infinity ? undefined : setTimeout(() => reject(late()), ms);
  const signal = gone?.();
  const leave = (): void => reject(new CallerGone("the caller has gone"));
  if (signal?.aborted) leave();
  signal?.addEventListener("abort", leave);
  try {
    return await Promise.race([running, over]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", leave);
    running.catch(() => undefined); // what comes later is nobody's
  }
}
