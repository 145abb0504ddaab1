import { CallerGone, DeadlineExceeded, InferenceError, Overloaded, type Gone } from "../../core/ports.ts";
import type { Tensor, TensorData } from "../../../schemas/tensor.ts";
import type { Channel } from "./channel.ts";
import { buffersOf } from "./messages.ts";
import { createWaitingLine } from "./waiting-line.ts";

/** What a model does wherever it runs. */
export interface Runner {
  /** `deadline`: when the caller gives up, in milliseconds of `performance.now()`. */
  infer(inputs: readonly Tensor[], deadline: number, gone?: Gone): Promise<readonly Tensor[]>;
  close(): Promise<void>;
}

export interface WorkerModelOptions {
  /** A worker that holds the model already. */
  readonly first: Channel;
  /** Another one, after a crash. Rejects where the model cannot be loaded again. */
  readonly reopen: () => Promise<Channel>;
  /** Requests that may wait; more are turned away. */
  readonly queueLimit: number;
  /** Milliseconds between tries to load the model again; doubled each time, up to a minute. */
  readonly retryMs: number;
  /** Milliseconds that a call took when the model was tried. */
  readonly callMs: number;
}

interface Waiting extends PromiseWithResolvers<readonly Tensor[]> {
  readonly inputs: readonly Tensor[];
  readonly deadline: number;
}

/**
 * A model in a worker: one request on the session at a time, a bounded queue before it, of requests that can still be
 * answered in time. When the worker ends by itself, the request that was running fails, the others wait for the model to be
 * loaded again.
 */
export function createWorkerModel(options: WorkerModelOptions): Runner {
  const queue = createWaitingLine<Waiting>({
    expectedMs: options.callMs,
    onLate: ({ reject }) => reject(new DeadlineExceeded("too many requests were before it")),
  });
  let running: Promise<void> | null = null;
  let closing: Promise<void> | null = null;
  const link = keepOpen(options, pump, (broken) => {
    for (const { reject } of queue.clear()) reject(new InferenceError(broken));
  });

  function pump(): void {
    const channel = link.channel();
    if (running !== null || channel === null) return;
    const started = performance.now();
    const next = queue.next(started);
    if (next === undefined) return;
    running = serve(channel, next).finally(() => {
      queue.took(performance.now() - started);
      running = null;
      pump();
    });
  }

  /** Who waits is served first: each request that ends starts the next. */
  async function drain(): Promise<void> {
    if (running === null) return;
    await running;
    await drain();
  }

  async function close(): Promise<void> {
    await drain();
    for (const { reject } of queue.clear()) reject(new Overloaded("the model is being unloaded"));
    await link.close();
  }

  /** Who has gone makes room at once; what runs for them already is not interrupted. */
  function leaveWhen(signal: AbortSignal, waiting: Waiting): void {
    const leave = (): void => {
      if (queue.remove(waiting)) waiting.reject(new CallerGone("the caller has gone"));
    };
    if (signal.aborted) return leave();
    signal.addEventListener("abort", leave);
    const stay = (): void => signal.removeEventListener("abort", leave);
    void waiting.promise.then(stay, stay);
  }

  return {
    infer(inputs, deadline, gone) {
      if (closing !== null) return Promise.reject(new Overloaded("the model is being unloaded"));
      const broken = link.broken();
      if (broken !== null) return Promise.reject(new InferenceError(broken));
      if (queue.size >= options.queueLimit) queue.dropLate(performance.now());
      if (queue.size >= options.queueLimit) {
        return Promise.reject(new Overloaded(`${queue.size} requests wait for the model already`));
      }
      const waiting: Waiting = { inputs, deadline, ...Promise.withResolvers<readonly Tensor[]>() };
      queue.push(waiting);
      pump();
      if (gone !== undefined) leaveWhen(gone(), waiting);
      return waiting.promise;
    },
    close: () => (closing ??= close()),
  };
}

interface Link {
  /** null while there is none. */
  channel(): Channel | null;
  /** Why the model could not be loaded again, while that is so. */
  broken(): string | null;
  close(): Promise<void>;
}

/** Opens the model in another worker whenever its worker ends, until closed. */
function keepOpen(options: WorkerModelOptions, onOpen: () => void, onBroken: (message: string) => void): Link {
  let channel: Channel | null = null;
  let broken: string | null = null;
  let closed = false;
  let retry: ReturnType<typeof setTimeout> | undefined;

  function use(opened: Channel): void {
    channel = opened;
    broken = null;
    void opened.ended.then((reason) => {
      channel = null;
      if (!closed) void reopen(reason, options.retryMs);
    });
  }

  async function reopen(reason: string, retryMs: number): Promise<void> {
    try {
      const opened = await options.reopen();
      if (closed) return await opened.close();
      use(opened);
      onOpen();
    } catch (error) {
      broken = `${reason}; loading it again failed: ${messageOf(error)}`;
      onBroken(broken);
      if (!closed) retry = setTimeout(() => void reopen(reason, Math.min(retryMs * 2, 60_000)), retryMs);
    }
  }

  use(options.first);
  return {
    channel: () => channel,
    broken: () => broken,
    async close() {
      closed = true;
      clearTimeout(retry);
      await channel?.close();
    },
  };
}

/** Never rejects: the outcome goes to who waits. */
async function serve(channel: Channel, { inputs, resolve, reject }: Waiting): Promise<void> {
  try {
    // Copies change hands: the caller may need its tensors for another version yet.
    const copies = inputs.map((tensor) => ({ ...tensor, data: copy(tensor.data) }));
    const answer = await channel.ask({ kind: "infer", inputs: copies }, buffersOf(copies));
    if (answer.kind === "inferred") resolve(answer.outputs);
    else reject(new InferenceError(answer.kind === "failed" ? answer.message : "the worker gave no outputs"));
  } catch (error) {
    reject(new InferenceError(messageOf(error)));
  }
}

function copy(data: TensorData): TensorData {
  return data.slice();
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
