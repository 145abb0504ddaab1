/** The worker that holds a model, beside main.ts: inside the executable a worker is looked for beside where it starts. */
await import("../../gateway/edges/onnx/worker.ts");
