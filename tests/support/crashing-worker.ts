import type { ToWorker } from "../../gateway/edges/onnx/messages.ts";
// oxlint-disable-next-line import/no-unassigned-import -- a worker has nothing to give but its listener
import "../../gateway/edges/onnx/worker.ts";

declare const self: Worker;

/** A first feature of this makes the worker crash before it answers. */
const deadly = 13;

// Not by terminate(): that takes the whole process down when it meets onnxruntime in the middle of a call.
self.addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind === "infer" && data.inputs[0]?.data[0] === deadly) throw new Error("crashed on purpose");
});
