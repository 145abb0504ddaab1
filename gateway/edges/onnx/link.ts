import type { Channel } from "./channel.ts";

export interface LinkOptions {
  /** A worker that holds the model already. */
  readonly first: Channel;
  /** Another one, where there is none any more. Rejects where the model cannot be loaded again. */
  readonly reopen: () => Promise<Channel>;
  /** Milliseconds between tries to load the model again; doubled each time, up to a minute. */
  readonly retryMs: number;
  /** There is a worker again. */
  readonly onOpen: () => void;
  readonly onBroken: (message: string) => void;
}

/** The worker of a model, whichever it is now. */
export interface Link {
  /** null while there is none. */
  channel(): Channel | null;
  /** Why there is none and none is being opened; null while that is not so. */
  broken(): string | null;
  /** Leaves the worker to itself, whose call does not end; `over` resolves or rejects where it does after all. */
  giveUp(reason: string, over: Promise<unknown>): void;
  close(): Promise<void>;
}

/**
 * Calls of a model that may go on calculating for nobody. A thread inside onnxruntime cannot be ended: to terminate it ends the
 * whole process. Each of them takes a processor, so that a model all of whose calls never end must not have ever more.
 */
const maxLost = 2;

/**
 * Opens the model in another worker whenever its worker ends or is given up, until closed. A worker that was given up ends with
 * its call. Where `maxLost` of them calculate, the model is broken until one of them ends.
 */
export function keepOpen({ onOpen, onBroken, ...options }: LinkOptions): Link {
  let channel: Channel | null = null;
  let broken: string | null = null;
  let closed = false;
  let lost = 0;
  let retry: ReturnType<typeof setTimeout> | undefined;

  function use(opened: Channel): void {
    channel = opened;
    broken = null;
    void opened.ended.then((reason) => {
      if (channel !== opened) return;
      channel = null;
      if (!closed) void reopen(reason, options.retryMs);
    });
  }

  function breakWith(message: string): void {
    broken = message;
    onBroken(message);
  }

  async function reopen(reason: string, retryMs: number): Promise<void> {
    try {
      const opened = await options.reopen();
      if (closed) return await opened.close();
      use(opened);
      onOpen();
    } catch (error) {
      breakWith(`${reason}; loading it again failed: ${error instanceof Error ? error.message : String(error)}`);
      if (!closed) retry = setTimeout(() => void reopen(reason, Math.min(retryMs * 2, 60_000)), retryMs);
    }
  }

  /** Frees its memory once it listens again. */
  async function bury(worker: Channel, over: Promise<unknown>, reason: string): Promise<void> {
    await over.then(
      () => worker.close(),
      () => undefined,
    );
    if (lost-- === maxLost && !closed) await reopen(reason, options.retryMs);
  }

  use(options.first);
  return {
    channel: () => channel,
    broken: () => broken,
    giveUp(reason, over) {
      const worker = channel;
      if (worker === null) return;
      channel = null;
      if (++lost === maxLost) breakWith(`${reason}; ${lost} such calls still calculate`);
      else if (!closed) void reopen(reason, options.retryMs);
      void bury(worker, over, reason);
    },
    async close() {
      closed = true;
      clearTimeout(retry);
      await channel?.close();
    },
  };
}
