import { CallerGone, DeadlineExceeded, InferenceError, Overloaded, type Gone } from "../../core/ports.ts";
import type { Tensor, TensorData } from "../../../schemas/tensor.ts";
import type { Channel } from "./channel.ts";
import { keepOpen, type Link, type LinkOptions } from "./link.ts";
import { buffersOf } from "./messages.ts";
import { createWaitingLine, type WaitingLine } from "./waiting-line.ts";
import { within } from "../../within.ts";

/** What a model does wherever it runs. */
export interface Runner {
  /**
   * `deadline`: when the caller gives up, in milliseconds of `performance.now()`; `ownMs`: what one waits who has set no
   * time of its own (default: no limit).
   */
  infer(inputs: readonly Tensor[], deadline: number, gone?: Gone, ownMs?: number): Promise<readonly Tensor[]>;
  /** Why every request fails until the model has been loaded again; null while that is not so. */
  broken(): string | null;
  close(): Promise<void>;
}

export interface WorkerModelOptions extends Pick<LinkOptions, "first" | "reopen" | "retryMs"> {
  /** Requests that may wait; more are turned away. */
  readonly queueLimit: number;
  /** Milliseconds that a call took when the model was tried. */
  readonly callMs: number;
  /** Milliseconds that a call may take in any case: to give one up is dear, and a busy machine holds up calls, too. */
  readonly patienceMs: number;
  /** For the log: a call was given up. */
  readonly onGivenUp: (message: string) => void;
}

/** How often as long as any caller waits a call may take, before it is given up. */
const timesOwn = 2;

interface Waiting extends PromiseWithResolvers<readonly Tensor[]> {
  readonly inputs: readonly Tensor[];
  readonly deadline: number;
  /** What its call may take. */
  readonly limitMs: number;
}

/**
 * A model in a worker: one request on the session at a time, a bounded queue before it, of requests that can still be
 * answered in time. When the worker ends by itself, or its call takes so long that it may never end and is given up, the request
 * that was running fails, the others wait for the model to be loaded again in another one.
 */
export function createWorkerModel(options: WorkerModelOptions): Runner {
  const queue = createWaitingLine<Waiting>({
    expectedMs: options.callMs,
    onLate: ({ reject }) => reject(new DeadlineExceeded("too many requests were before it")),
  });
  let running: Promise<void> | null = null;
  let closing: Promise<void> | null = null;
  const link = keepOpen({
    ...options,
    onOpen: pump,
    onBroken: (broken) => {
      for (const { reject } of queue.clear()) reject(new InferenceError(broken));
    },
  });

  function pump(): void {
    const channel = link.channel();
    if (running !== null || channel === null) return;
    const started = performance.now();
    const next = queue.next(started);
    if (next === undefined) return;
    running = serve(channel, next, giveUp).finally(() => {
      queue.took(performance.now() - started);
      running = null;
      pump();
    });
  }

  function giveUp(reason: string, over: Promise<unknown>): void {
    options.onGivenUp(reason);
    link.giveUp(reason, over);
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

  return {
    infer(inputs, deadline, gone, ownMs = Infinity) {
      if (closing !== null) return Promise.reject(new Overloaded("the model is being unloaded"));
      const broken = link.broken();
      if (broken !== null) return Promise.reject(new InferenceError(broken));
      if (queue.size >= options.queueLimit) queue.dropLate(performance.now());
      if (queue.size >= options.queueLimit) {
        return Promise.reject(new Overloaded(`${queue.size} requests wait for the model already`));
      }
      const limitMs = Math.max(options.patienceMs, timesOwn * ownMs);
      const waiting: Waiting = { inputs, deadline, limitMs, ...Promise.withResolvers<readonly Tensor[]>() };
      queue.push(waiting);
      pump();
      if (gone !== undefined) leaveWhen(gone(), queue, waiting);
      return waiting.promise;
    },
    broken: () => link.broken(),
    close: () => (closing ??= close()),
  };
}

/** Who has gone makes room at once; what runs for them already is not interrupted. */
function leaveWhen(signal: AbortSignal, queue: WaitingLine<Waiting>, waiting: Waiting): void {
  const leave = (): void => {
    if (queue.remove(waiting)) waiting.reject(new CallerGone("the caller has gone"));
  };
  if (signal.aborted) return leave();
  signal.addEventListener("abort", leave);
  const stay = (): void => signal.removeEventListener("abort", leave);
  void waiting.promise.then(stay, stay);
}

/** Never rejects: the outcome goes to who waits. */
async function serve(
  channel: Channel,
  { inputs, limitMs, resolve, reject }: Waiting,
  giveUp: Link["giveUp"],
): Promise<void> {
  try {
    // Copies change hands: the caller may need its tensors for another version yet.
    const copies = inputs.map((tensor) => ({ ...tensor, data: copy(tensor.data) }));
    const answering = channel.ask({ kind: "infer", inputs: copies }, buffersOf(copies));
    const answer = await within(limitMs, answering, () => {
      const reason = `a call did not end within ${limitMs / 1000} s`;
      giveUp(reason, answering);
      return new InferenceError(reason);
    });
    if (answer.kind === "inferred") resolve(answer.outputs);
    else reject(new InferenceError(answer.kind === "failed" ? answer.message : "the worker gave no outputs"));
  } catch (error) {
    reject(new InferenceError(error instanceof Error ? error.message : String(error)));
  }
}

function copy(data: TensorData): TensorData {
  return data.slice();
}
