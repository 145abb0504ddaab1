type Call = (...given: never[]) => Promise<unknown>;

/**
 * The port, as long as somebody waits for what comes of it: when `signal` has told that nobody does, calls that wait for an
 * answer reject, and further ones are not made; what is no call stays as it is. So a commit that is given up takes no more steps beside its successor.
 */
export function whileAwaited<T extends object>(port: T, signal: AbortSignal): T {
  const members = Object.entries(port as Readonly<Record<string, unknown>>).map(([name, member]) => {
    if (typeof member !== "function") return [name, member];
    return [name, (...given: never[]) => untilAborted(() => (member as Call)(...given), signal)];
  });
  return Object.fromEntries(members) as T;
}

/** What the work comes to; rejects with the signal's reason as soon as that is given, and does not start after that. */
async function untilAborted<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work(), aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
