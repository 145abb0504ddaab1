import type { ModelVersion } from "../../../schemas/model-version.ts";
import type { Tensor } from "../../../schemas/tensor.ts";
import { fail } from "../../../schemas/problem.ts";
import { paths } from "../../../schemas/tree.ts";
import { InputUnsupported, type LoadedModel, type Runtime, type SessionOptions } from "../../core/ports.ts";
import { openChannel, spawnWorker, type Channel } from "./channel.ts";
import type { Trial } from "./messages.ts";
import { createMovingModel, type PlacedRunner } from "./moving-model.ts";
import { openSession } from "./session.ts";
import { inlineLimits } from "./trial.ts";
import { createWorkerModel, type Runner } from "./worker-model.ts";

type Spec = ModelVersion["spec"];

export interface OnnxRuntimeOptions {
  /** Requests that may wait for a model in a worker. Default 64. */
  readonly queueLimit?: number;
  /** Milliseconds before a crashed model that could not be loaded again is tried once more. Default 1000. */
  readonly retryMs?: number;
  /** Milliseconds that a call in a worker may take in any case, before it is given up. Default 5000. */
  readonly patienceMs?: number;
  /** A call was given up, and calculates on for nobody. For the log. */
  readonly onGivenUp?: (model: string, version: number, message: string) => void;
  /** Starts the thread of a model. */
  readonly spawn?: () => Worker;
}

/**
 * Models in this process, by onnxruntime. Every model is opened and tried in a worker first; those that answer within a
 * millisecond move to the event loop, where requests of one turn share a call, and the others stay where they are. What turns
 * out to be slow on the event loop goes back to a worker.
 */
export function createOnnxRuntime(options: OnnxRuntimeOptions = {}): Runtime {
  const { spawn = spawnWorker, onGivenUp, queueLimit = 64 } = options;
  const limits = { queueLimit, retryMs: options.retryMs ?? 1000, patienceMs: options.patienceMs ?? 5000 };
  const open = new Set<LoadedModel>();

  async function place(spec: Spec, file: Uint8Array | string, sessionOptions: SessionOptions) {
    const tryAgain = (): Promise<Tried> => tryInWorker(spawn, spec, file, sessionOptions);
    const tried = await tryAgain();
    const inWorker = (first: Tried): Runner =>
      createWorkerModel({
        ...limits,
        first: first.channel,
        reopen: async () => (await tryAgain()).channel,
        callMs: first.trial.callMs,
        onGivenUp: (message) => onGivenUp?.(spec.model, spec.version, message),
      });
    const runner: PlacedRunner = isFast(tried.trial)
      ? await moveInline(tried, spec, file, sessionOptions, queueLimit, async () => inWorker(await tryAgain()))
      : { ...inWorker(tried), place: () => "worker" };
    return { ...runner, trialMs: tried.trial.callMs };
  }

  return {
    async load({ spec }, file, sessionOptions) {
      if (file instanceof Uint8Array) await verify(spec, file);
      const [opened, remove] = file instanceof Uint8Array ? [file, nothing] : [file.path, file.remove];
      let runner: PlacedRunner & { readonly trialMs: number };
      try {
        runner = await place(spec, opened, sessionOptions);
      } catch (error) {
        await remove();
        throw error;
      }
      const model: LoadedModel = {
        model: spec.model,
        version: spec.version,
        sha256: spec.artifact.sha256,
        signature: spec.signature,
        featureOrder: spec.featureOrder ?? null,
        get place() {
          return runner.place();
        },
        trialMs: runner.trialMs,
        infer: inferOf(spec, runner),
        broken: () => runner.broken(),
        close: async () => {
          try {
            await runner.close();
          } finally {
            open.delete(model);
            await remove();
          }
        },
      };
      open.add(model);
      return model;
    },
    async close() {
      await Promise.all([...open].map((model) => model.close()));
    },
  };
}

function isFast({ callMs, loadMs }: Trial): boolean {
  return callMs <= inlineLimits.callMs && loadMs <= inlineLimits.loadMs;
}

function inferOf({ signature }: Spec, runner: Runner): LoadedModel["infer"] {
  const takesText = signature.inputs.some(({ datatype }) => datatype === "BYTES");
  return (inputs, withinMs = Infinity, gone, ownMs) => {
    const fault = takesText ? unsupported(inputs) : null;
    return fault === null ? runner.infer(inputs, performance.now() + withinMs, gone, ownMs) : Promise.reject(fault);
  };
}

/** onnxruntime takes text as C does: it would silently end at the first NUL. */
function unsupported(inputs: readonly Tensor[]): InputUnsupported | null {
  for (const { name, data } of inputs) {
    const at = Array.isArray(data) ? data.findIndex((text: string) => text.includes("\0")) : -1;
    const message = `input "${name}": element ${at}: expected text without NUL, which this model cannot be given`;
    if (at !== -1) return new InputUnsupported(message);
  }
  return null;
}

const nothing = (): Promise<void> => Promise.resolve();

/** WebCrypto hashes off the event loop, which a model of a gigabyte would hold for seconds. */
async function verify(spec: Spec, bytes: Uint8Array): Promise<void> {
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
  spec: Spec,
  file: Uint8Array | string,
  options: SessionOptions,
): Promise<Tried> {
  const channel = openChannel(spawn());
  const copy = typeof file === "string" ? file : new Uint8Array(file);
  const answer = await channel
    .ask({ kind: "load", spec, file: copy, options }, typeof copy === "string" ? [] : [copy.buffer])
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
  spec: Spec,
  file: Uint8Array | string,
  options: SessionOptions,
  queueLimit: number,
  openWorker: () => Promise<Runner>,
): Promise<PlacedRunner> {
  await channel.close();
  return createMovingModel({ session: await openSession(spec, file, options), trial, queueLimit, openWorker });
}
