import type { FromWorker, ToWorker } from "./messages.ts";

/** A worker with one message under way at a time. */
export interface Channel {
  /** The answer. Rejects when the worker ends first. */
  ask(message: Exclude<ToWorker, { kind: "close" }>, transfer?: ArrayBuffer[]): Promise<FromWorker>;
  /** Lets the worker free its memory and end. Nothing may be under way. */
  close(): Promise<void>;
  /** Resolves with the reason when the worker has ended, however it did. */
  readonly ended: Promise<string>;
}

/** Starts the worker that holds one model. */
export function spawnWorker(): Worker {
  return new Worker(new URL("./worker.ts", import.meta.url).href);
}

export function openChannel(worker: Worker): Channel {
  let pending: PromiseWithResolvers<FromWorker> | null = null;
  let reason = "its worker ended";
  const ended = new Promise<string>((resolve) => {
    worker.addEventListener("close", () => {
      resolve(reason);
      pending?.reject(new Error(reason));
      pending = null;
    });
  });
  worker.addEventListener("error", (event) => {
    // It ends by itself now. Never terminate(): in the middle of a call of onnxruntime that ends the whole process.
    event.preventDefault();
    reason = `its worker crashed: ${firstError(event.message)}`;
  });
  worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => {
    pending?.resolve(data);
    pending = null;
  });
  return {
    ask(message, transfer = []) {
      if (pending !== null) throw new Error("the worker has not answered the last message");
      pending = Promise.withResolvers<FromWorker>();
      worker.postMessage(message, transfer);
      return pending.promise;
    },
    async close() {
      worker.postMessage({ kind: "close" } satisfies ToWorker, []);
      await ended;
    },
    ended,
  };
}

/** Bun's message is a whole report, with lines of source. */
function firstError(report: string): string {
  return /^\s*\w*error: (.*)$/im.exec(report)?.[1] ?? report;
}
