/**
 * A gateway over a directory, with every part that serves requests: `bun gateway.ts ROOT [direct]`. `direct` calls the
 * model for each request by itself, without micro-batching.
 */
import { join } from "node:path";
import { createApp } from "../../../gateway/app.ts";
import type { LoadedModel, Runtime } from "../../../gateway/core/ports.ts";
import { openCutStore } from "../../../gateway/edges/cut-store.ts";
import { createMetrics } from "../../../gateway/edges/metrics.ts";
import { listenGrpc } from "../../../gateway/edges/grpc/server.ts";
import { createOnnxRuntime } from "../../../gateway/edges/onnx/runtime.ts";
import { openSession } from "../../../gateway/edges/onnx/session.ts";
import { readArtifact } from "../../../gateway/edges/source/artifact.ts";
import { directorySource } from "../../../gateway/edges/source/directory.ts";
import { createGateway } from "../../../gateway/gateway.ts";
import { createGrpcApp } from "../../../gateway/grpc-app.ts";
import { systemClock, writeLog } from "../../../gateway/log.ts";
import { serveQuestions } from "../harness/process.ts";

const [root = ".", mode = "batched"] = process.argv.slice(2);

/** What the shipped runtime does for models on the event loop, but for the batches. */
function directRuntime(): Runtime {
  return {
    async load({ spec }, file, options): Promise<LoadedModel> {
      const session = await openSession(spec, file instanceof Uint8Array ? file : file.path, options);
      return {
        model: spec.model,
        version: spec.version,
        sha256: spec.artifact.sha256,
        signature: spec.signature,
        featureOrder: null,
        place: "inline",
        trialMs: 0,
        infer: (inputs) => session.run(inputs),
        close: () => session.release(),
      };
    },
    close: () => Promise.resolve(),
  };
}

const running = createGateway({
  environment: "dev",
  source: directorySource(root),
  runtime: mode === "direct" ? directRuntime() : createOnnxRuntime(),
  readArtifact,
  store: openCutStore(join(root, "cuts.sqlite"), "dev"),
  metrics: createMetrics(),
  alertsToken: null,
  decide: () => ({ kind: "ignore", code: "bench", reason: "nothing is decided here" }),
  commit: null,
  serves: true,
  clock: systemClock,
  random: Math.random,
  log: writeLog,
});
await running.start();
const app = createApp(running.gateway, "bench").listen({ hostname: "127.0.0.1", port: 0 });
const answer = createGrpcApp(running.gateway, "bench");
const grpc = await listenGrpc({ hostname: "127.0.0.1", port: 0, answer });
// Whatever it is asked: where gRPC is answered.
serveQuestions(`http://127.0.0.1:${app.server?.port ?? 0}`, () => `http://127.0.0.1:${grpc.port}`);
