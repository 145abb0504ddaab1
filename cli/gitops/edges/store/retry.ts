/** How patient the requests to a store are. */
export interface Patience {
  /** Milliseconds until something has to arrive: an answer, or the next piece of one. */
  readonly idleMs: number;
  /** How often a request is made at most. */
  readonly tries: number;
  /** Milliseconds before the second try; twice as long before each further one. */
  readonly backoffMs: number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly random: () => number;
}

export const patience: Patience = {
  idleMs: 30_000,
  tries: 5,
  backoffMs: 300,
  sleep: Bun.sleep,
  random: Math.random,
};

/** Does something again as long as it fails in a way that may pass. The waits differ, so that many do not come back as one. */
export async function retried<T>(
  action: () => Promise<T>,
  mayPass: (error: unknown) => boolean,
  { tries, backoffMs, sleep, random }: Patience,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await action();
    } catch (error) {
      if (attempt >= tries || !mayPass(error)) throw error;
      await sleep(backoffMs * 2 ** (attempt - 1) * (0.5 + random()));
    }
  }
}

/** A signal that aborts when nobody has touched it for a time. */
export interface Watch {
  readonly signal: AbortSignal;
  /** Something has arrived: the time starts again. */
  touch(): void;
  stop(): void;
}

/** Aborts with a TimeoutError after `ms` of silence. */
export function watchSilence(ms: number): Watch {
  const controller = new AbortController();
  const abort = (): void => controller.abort(new DOMException(`nothing came for ${ms / 1000} s`, "TimeoutError"));
  let timer = setTimeout(abort, ms);
  return {
    signal: controller.signal,
    touch() {
      clearTimeout(timer);
      timer = setTimeout(abort, ms);
    },
    stop: () => clearTimeout(timer),
  };
}
