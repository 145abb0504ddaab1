import type { Tensor } from "../../../schemas/tensor.ts";
import { Overloaded, type Gone, type LoadedModel } from "../../core/ports.ts";
import { createInlineModel, type InlineOptions } from "./inline-model.ts";
import type { Runner } from "./worker-model.ts";

export interface MovingOptions extends Omit<InlineOptions, "onSlow"> {
  /** The same model in a worker. Rejects where it cannot be loaded there. */
  readonly openWorker: () => Promise<Runner>;
}

export interface PlacedRunner extends Runner {
  place(): LoadedModel["place"];
}

/**
 * A model that begins on the event loop, and moves to a worker for good once a call took too long, or a request is too large
 * for a short call and must not be parted. Other requests are answered where it is until it is there.
 */
export function createMovingModel({ openWorker, ...options }: MovingOptions): PlacedRunner {
  const inline = createInlineModel({ ...options, onSlow: () => void move().catch(() => undefined) });
  let worker: Runner | null = null;
  let moving: Promise<Runner> | null = null;
  let closing: Promise<void> | null = null;

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
        throw error;
      },
    );
    return moving;
  }

  async function inWorker(inputs: readonly Tensor[], deadline: number, gone?: Gone): Promise<readonly Tensor[]> {
    const opened = await move().catch((error: unknown) => {
      throw new Overloaded("the request is too large for the event loop, and no worker can be started", {
        cause: error,
      });
    });
    return opened.infer(inputs, deadline, gone);
  }

  async function close(): Promise<void> {
    await moving?.catch(() => undefined);
    await Promise.all([inline.close(), worker?.close()]);
  }

  return {
    place: () => (worker === null ? "inline" : "worker"),
    infer(inputs, deadline, gone) {
      if (worker !== null) return worker.infer(inputs, deadline, gone);
      return inline.takes(inputs) ? inline.infer(inputs, deadline, gone) : inWorker(inputs, deadline, gone);
    },
    close: () => (closing ??= close()),
  };
}
