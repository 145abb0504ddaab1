/** A step of the demo did not really happen: the demo ends with this as its finding. */
export class DidNotHappen extends Error {
  override readonly name = "DidNotHappen";
}

/** Goes on only where a step really happened. */
export function must(happened: boolean, otherwise: string): asserts happened {
  if (!happened) throw new DidNotHappen(otherwise);
}

export interface WaitOptions {
  /** For the message where it does not come: `the gateway serves 1a2b3c4`. */
  readonly what: string;
  readonly signal: AbortSignal;
  /** Milliseconds; default 30,000. A loaded machine is slow, and only a broken part is that slow. */
  readonly timeoutMs?: number;
}

const patienceMs = 30_000;

/** Waits for an event. Rejects with DidNotHappen after the time, and with the signal's reason at an interruption. */
export async function within<T>(event: Promise<T>, options: WaitOptions): Promise<T> {
  const { what, signal, timeoutMs = patienceMs } = options;
  const { promise: given, reject } = Promise.withResolvers<never>();
  const seconds = timeoutMs / 1000;
  const timer = setTimeout(() => reject(new DidNotHappen(`not within ${seconds} s: ${what}`)), timeoutMs);
  const onAbort = (): void => reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([event, given]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}

/** Asks again and again, every `everyMs` milliseconds, until `probe` answers something but null. */
export async function poll<T>(
  probe: () => Promise<T | null> | T | null,
  options: WaitOptions & { readonly everyMs: number },
): Promise<T> {
  let isOver = false;
  const answer = (async (): Promise<T> => {
    for (;;) {
      const found = await probe();
      if (found !== null) return found;
      if (isOver) throw new DidNotHappen(options.what);
      await Bun.sleep(options.everyMs);
    }
  })();
  try {
    return await within(answer, options);
  } finally {
    isOver = true;
    // The last probe may fail after nobody waits for it any more.
    answer.catch(() => undefined);
  }
}
