import { buffersOf, type FromWorker, type ToWorker } from "./messages.ts";
import type { Session } from "./session.ts";
import { tryModel } from "./trial.ts";

declare const self: Worker;

let session: Session | null = null;

/** Answers one message; `close` is answered by the end of the worker. */
async function answer(message: ToWorker): Promise<FromWorker> {
  try {
    if (message.kind === "load") {
      const opened = await tryModel(message.spec, message.file, message.options);
      session = opened.session;
      return { kind: "loaded", trial: opened.trial };
    }
    if (message.kind === "infer") {
      if (session === null) throw new Error("no model is loaded here");
      return { kind: "inferred", outputs: await session.run(message.inputs) };
    }
    await session?.release();
    return process.exit(0);
  } catch (error) {
    return { kind: "failed", message: error instanceof Error ? error.message : String(error) };
  }
}

// The host sends one message and waits for its answer, so none overtakes another.
self.addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
  void answer(data).then((reply) => {
    self.postMessage(reply, reply.kind === "inferred" ? buffersOf(reply.outputs) : []);
  });
});
