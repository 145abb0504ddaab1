import type { ModelVersion } from "../../../schemas/model-version.ts";
import { fail } from "../../../schemas/problem.ts";
import { paths } from "../../../schemas/tree.ts";
import type { LoadedModel, Runtime } from "../../core/ports.ts";
import { openChannel, spawnWorker, type Channel } from "./channel.ts";
import type { SessionOptions, Trial } from "./messages.ts";
import { createMovingModel, type PlacedRunner } from "./moving-model.ts";
import { openSession } from "./session.ts";
import { inlineLimits } from "./trial.ts";
import { createWorkerModel, type Runner } from "./worker-model.ts";

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
 * millisecond move to the event loop, where requests of one turn share a call, and the others stay where they are. What turns
 * out to be slow on the event loop goes back to a worker.
 */
export function createOnnxRuntime(options: OnnxRuntimeOptions = {}): Runtime {
  const { queueLimit = 64, retryMs = 1000, spawn = spawnWorker } = options;
  const open = new Set<LoadedModel>();
  return {
    async load({ spec }, bytes, sessionOptions) {
      await verify(spec, bytes);
      const tryAgain = (): Promise<Tried> => tryInWorker(spawn, spec, bytes, sessionOptions);
      const tried = await tryAgain();
      const { trial } = tried;
      const inline = trial.callMs <= inlineLimits.callMs && trial.loadMs <= inlineLimits.loadMs;
      const inWorker = (first: Tried): Runner =>
        createWorkerModel({
          first: first.channel,
          reopen: async () => (await tryAgain()).channel,
          queueLimit,
          retryMs,
          callMs: first.trial.callMs,
        });
      const runner: PlacedRunner = inline
        ? await moveInline(tried, spec, bytes, sessionOptions, async () => inWorker(await tryAgain()))
        : { ...inWorker(tried), place: () => "worker" };
      const model: LoadedModel = {
        model: spec.model,
        version: spec.version,
        sha256: spec.artifact.sha256,
        signature: spec.signature,
        featureOrder: spec.featureOrder ?? null,
        get place() {
          return runner.place();
        },
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

/** A worker that holds the model. */
interface Tried {
  readonly channel: Channel;
  readonly trial: Trial;
}

async function tryInWorker(
  spawn: () => Worker,
  spec: ModelVersion["spec"],
  bytes: Uint8Array,
  options: SessionOptions,
): Promise<Tried> {
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
  { channel, trial }: Tried,
  spec: ModelVersion["spec"],
  bytes: Uint8Array,
  options: SessionOptions,
  openWorker: () => Promise<Runner>,
): Promise<PlacedRunner> {
  await channel.close();
  return createMovingModel({ session: await openSession(spec, bytes, options), trial, openWorker });
}
