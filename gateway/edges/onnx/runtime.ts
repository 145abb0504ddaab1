import type { ModelVersion } from "../../../schemas/model-version.ts";
import { fail } from "../../../schemas/problem.ts";
import { paths } from "../../../schemas/tree.ts";
import { Overloaded, type LoadedModel, type Runtime } from "../../core/ports.ts";
import { createBatcher, type Run } from "./batch.ts";
import { openChannel, spawnWorker, type Channel } from "./channel.ts";
import type { SessionOptions, Trial } from "./messages.ts";
import { openSession } from "./session.ts";
import { inlineLimits } from "./trial.ts";
import { createWorkerModel, type Runner } from "./worker-model.ts";

/** A batch of several callers is meant to hold the event loop no longer than this. */
const batchMs = 2;
const maxBatchRows = 256;

export interface OnnxRuntimeOptions {
  /** Requests that may wait for a model in a worker. Default 64. */
  readonly queueLimit?: number;
  /** Milliseconds before a crashed model that could not be loaded again is tried once more. Default 1000. */
  readonly retryMs?: number;
  /** Starts the thread of a model. */
  readonly spawn?: () => Worker;
}

/**
 * Models in this process, by onnxruntime. Every model is opened and tried in a worker first; those that answer within a
 * millisecond move to the event loop, where requests of one turn share a call, and the others stay where they are.
 */
export function createOnnxRuntime(options: OnnxRuntimeOptions = {}): Runtime {
  const { queueLimit = 64, retryMs = 1000, spawn = spawnWorker } = options;
  const open = new Set<LoadedModel>();
  return {
    async load({ spec }, bytes, sessionOptions) {
      await verify(spec, bytes);
      const { channel, trial } = await tryInWorker(spawn, spec, bytes, sessionOptions);
      const inline = trial.callMs <= inlineLimits.callMs && trial.loadMs <= inlineLimits.loadMs;
      const reopen = async (): Promise<Channel> => (await tryInWorker(spawn, spec, bytes, sessionOptions)).channel;
      const runner = inline
        ? await moveInline(channel, trial, spec, bytes, sessionOptions)
        : createWorkerModel({ first: channel, reopen, queueLimit, retryMs, callMs: trial.callMs });
      const model: LoadedModel = {
        model: spec.model,
        version: spec.version,
        sha256: spec.artifact.sha256,
        signature: spec.signature,
        featureOrder: spec.featureOrder ?? null,
        place: inline ? "inline" : "worker",
        trialMs: trial.callMs,
        infer: (inputs, withinMs = Infinity) => runner.infer(inputs, performance.now() + withinMs),
        close: () => runner.close().finally(() => open.delete(model)),
      };
      open.add(model);
      return model;
    },
    async close() {
      await Promise.all([...open].map((model) => model.close()));
    },
  };
}

/** WebCrypto hashes off the event loop, which a model of a gigabyte would hold for seconds. */
async function verify(spec: ModelVersion["spec"], bytes: Uint8Array): Promise<void> {
  const digest = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  const sha256 = new Uint8Array(digest).toHex();
  if (sha256 === spec.artifact.sha256) return;
  const pointer = new TextDecoder().decode(bytes.subarray(0, 40)).startsWith("version https://git-lfs");
  fail({
    code: "artifact-digest",
    file: paths.version(spec.model, spec.version),
    path: "spec.artifact.sha256",
    message: pointer
      ? "the artifact is a git-lfs pointer, not the model"
      : `the artifact has the digest ${sha256}, not ${spec.artifact.sha256}`,
    hint: pointer
      ? "store the model itself, or use another artifact store"
      : `what was registered is not what is stored: restore the file, or register a new version of ${spec.model}`,
  });
}

async function tryInWorker(
  spawn: () => Worker,
  spec: ModelVersion["spec"],
  bytes: Uint8Array,
  options: SessionOptions,
): Promise<{ readonly channel: Channel; readonly trial: Trial }> {
  const channel = openChannel(spawn());
  const copy = new Uint8Array(bytes);
  const answer = await channel
    .ask({ kind: "load", spec, bytes: copy, options }, [copy.buffer])
    .catch((error: unknown) => ({ kind: "failed" as const, message: String(error) }));
  if (answer.kind === "loaded") return { channel, trial: answer.trial };
  await channel.close();
  return fail({
    code: "model-not-loadable",
    file: paths.version(spec.model, spec.version),
    message: `version ${spec.version} of ${spec.model} cannot be loaded: ${answer.kind === "failed" ? answer.message : "no answer"}`,
    hint: "mmsp register checks a model before it is registered",
  });
}

async function moveInline(
  channel: Channel,
  trial: Trial,
  spec: ModelVersion["spec"],
  bytes: Uint8Array,
  options: SessionOptions,
): Promise<Runner> {
  await channel.close();
  const session = await openSession(spec, bytes, options);
  const maxRows = Math.max(1, Math.min(maxBatchRows, Math.floor(batchMs / Math.max(trial.callMs, 0.001))));
  const run: Run = (inputs) => session.run(inputs);
  return inlineRunner(trial.batches ? createBatcher(run, { maxRows }) : run, () => session.release());
}

/** onnxruntime fails calls that are under way when their session is released: wait for them first. */
function inlineRunner(run: Run, release: () => Promise<void>): Runner {
  const drained = Promise.withResolvers<void>();
  let running = 0;
  let closing: Promise<void> | null = null;
  return {
    infer(inputs) {
      if (closing !== null) return Promise.reject(new Overloaded("the model is being unloaded"));
      running++;
      return run(inputs).finally(() => {
        if (--running === 0 && closing !== null) drained.resolve();
      });
    },
    close() {
      if (running === 0) drained.resolve();
      return (closing ??= drained.promise.then(release));
    },
  };
}
