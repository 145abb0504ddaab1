import type { Tensor } from "../../../schemas/tensor.ts";
import { DeadlineExceeded, Overloaded, type LoadedModel } from "../../core/ports.ts";
import { createInlineModel, type InlineOptions } from "./inline-model.ts";
import { within } from "../../within.ts";
import type { Runner } from "./worker-model.ts";

export interface MovingOptions extends Omit<InlineOptions, "onSlow"> {
  /** The same model in a worker. Rejects where it cannot be loaded there. */
  readonly openWorker: () => Promise<Runner>;
  /** Requests that may wait for the worker; more are turned away. */
  readonly queueLimit: number;
}

export interface PlacedRunner extends Runner {
  place(): LoadedModel["place"];
}

/**
 * A model that begins on the event loop, and moves to a worker for good once a call took too long, or a request is too large
 * for a short call and must not be parted.
 *
 * After a slow call, requests wait for the worker: a model that is opened in a fraction of a second keeps its own callers
 * waiting for as long, and some of them in vain; another slow call on the event loop keeps everybody waiting, the callers of
 * other models and the probes, for as long as a caller likes. Only where no worker can be opened, they are answered where the
 * model is. While it moves for a large request alone, the small ones are answered there, too: they are as fast as ever.
 */
export function createMovingModel({ openWorker, queueLimit, ...options }: MovingOptions): PlacedRunner {
  let isSlow = false;
  const inline = createInlineModel({
    ...options,
    onSlow() {
      isSlow = true;
      void move().catch(() => undefined);
    },
  });
  let worker: Runner | null = null;
  let moving: Promise<Runner> | null = null;
  let closing: Promise<void> | null = null;
  const wait = createLobby(queueLimit);

  /** Where it fails, the next reason to move tries again. */
  function move(): Promise<Runner> {
    if (closing !== null) return Promise.reject(new Overloaded("the model is being unloaded"));
    moving ??= openWorker().then(
      (opened) => {
        worker = opened;
        void inline.close().catch(() => undefined); // close() below tells
        return opened;
      },
      (error: unknown) => {
        moving = null;
        isSlow = false;
        throw error;
      },
    );
    return moving;
  }

  async function whenThere(...call: Parameters<Runner["infer"]>): Promise<readonly Tensor[]> {
    const opened = await wait(move).catch((error: unknown) => {
      if (error instanceof Overloaded) throw error;
      if (inline.takes(call[0])) return inline;
      throw new Overloaded("the request is too large for the event loop, and no worker can be started", {
        cause: error,
      });
    });
    return opened.infer(...call);
  }

  async function close(): Promise<void> {
    await moving?.catch(() => undefined);
    await Promise.all([inline.close(), worker?.close()]);
  }

  return {
    place: () => (worker === null ? "inline" : "worker"),
    broken: () => worker?.broken() ?? null,
    infer(inputs, deadline, gone, ownMs) {
      if (worker !== null) return worker.infer(inputs, deadline, gone, ownMs);
      if (!isSlow && inline.takes(inputs)) return inline.infer(inputs, deadline, gone);
      // That the worker was not there in time is nobody's fault.
      const late = (): Error =>
        worker === null ? new Overloaded("its worker is being started") : new DeadlineExceeded("no answer in time");
      return within(deadline - performance.now(), whenThere(inputs, deadline, gone, ownMs), late, gone);
    },
    close: () => (closing ??= close()),
  };
}

/** Waits for what is being opened, with no more callers at once than `limit`. */
function createLobby(limit: number): <T>(open: () => Promise<T>) => Promise<T> {
  let waiting = 0;
  return async (open) => {
    if (waiting >= limit) throw new Overloaded(`${waiting} requests wait for the model's worker already`);
    waiting++;
    try {
      return await open();
    } finally {
      waiting--;
    }
  };
}
