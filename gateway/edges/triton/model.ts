import type { ModelVersion } from "../../../schemas/model-version.ts";
import type { Problem } from "../../../schemas/problem.ts";
import { paths } from "../../../schemas/tree.ts";
import { InferenceError, Unavailable, type Gone, type LoadedModel, type RawMessage } from "../../core/ports.ts";
import { chooseReplica, tellsOf } from "../../core/replicas.ts";
import {
  decodeServerReply,
  encodeServerRequest,
  isNotRun,
  serverFailure,
  transportFailure,
} from "../../core/server-infer.ts";
import type { InferReply } from "./client.ts";
import type { TritonReplica } from "./replica.ts";

/** Where nobody says how long a request may take: as long as an environment may say. */
const longestMs = 600_000;

/** A version on some replicas of Triton. `release`: nobody asks for it any more. */
export function createTritonModel(
  version: ModelVersion,
  replicas: readonly TritonReplica[],
  release: () => Promise<void>,
): LoadedModel {
  const { spec } = version;
  const asking = createAsking(version, replicas);
  let closed: Promise<void> | null = null;
  return {
    model: spec.model,
    version: spec.version,
    sha256: spec.artifact.sha256,
    signature: spec.signature,
    featureOrder: spec.featureOrder ?? null,
    place: "server",
    get trialMs() {
      const standings = replicas.map((replica) => replica.standing(version));
      return Math.max(0, ...standings.map((standing) => (standing?.kind === "ready" ? standing.trialMs : 0)));
    },
    infer: async (inputs, withinMs = longestMs, gone, ownMs = withinMs) => {
      const request = encodeServerRequest(inputs, spec.signature);
      const read = (reply: InferReply) => decodeServerReply(reply, spec.signature);
      return asking.ask(request, read, withinMs, gone, withinMs < ownMs);
    },
    // What is in JSON has to be translated for a Triton that refuses it there.
    ...(isInJson(spec) && {
      forward: (request: RawMessage, withinMs: number, gone?: Gone, ownMs = withinMs) =>
        asking.ask(request, checked, withinMs, gone, withinMs < ownMs),
    }),
    absence: () => absenceOf(version, replicas),
    close: () => (closed ??= asking.close().then(release)),
  };
}

/** Whether Triton takes and gives all tensors of a version as JSON: floats of 16 bits it has as binary data alone. */
function isInJson({ signature: { inputs, outputs } }: ModelVersion["spec"]): boolean {
  return [...inputs, ...outputs].every(({ datatype }) => datatype !== "FP16" && datatype !== "BF16");
}

interface Asking {
  /**
   * Sends a request to the least busy replica that has the version. To another one only where this one has not run it: nothing
   * was sent, or it says that it does not have the version, or no room for it, or does not let the gateway in. What the caller waits for no more is given up
   * there, too. `read` makes a result of the reply.
   */
  ask<T>(
    request: RawMessage,
    read: (reply: InferReply) => T,
    withinMs: number,
    gone: Gone | undefined,
    isCallersTime: boolean,
  ): Promise<T>;
  /** Takes no more; resolves when all that were asked have ended. */
  close(): Promise<void>;
}

function createAsking(version: ModelVersion, replicas: readonly TritonReplica[]): Asking {
  const { model, version: number } = version.spec;
  const drained = Promise.withResolvers<void>();
  const { next, note } = createTurns(version, replicas);
  let running = 0;
  let isClosing = false;

  return {
    async ask(request, read, withinMs, gone, isCallersTime) {
      if (isClosing) throw new Unavailable("the version is served no more");
      running++;
      try {
        const deadline = performance.now() + withinMs;
        const tried: TritonReplica[] = [];
        let failure: unknown = null;
        for (;;) {
          const now = performance.now();
          const replica = next(now, tried);
          if (replica === null) throw failure ?? new Unavailable(`no Triton has version ${number} of ${model}`);
          tried.push(replica);
          try {
            const reply = await replica.client.infer(model, number, request, deadline - now, gone);
            if (reply.status !== 200) throw serverFailure(reply.status, reply.body);
            const result = read(reply);
            replica.answered(version);
            return result;
          } catch (error) {
            failure = transportFailure(error);
            note(replica, failure, isCallersTime);
            if (!isNotRun(failure) || performance.now() >= deadline) throw failure;
            if (failure instanceof Unavailable && failure.cause === undefined) replica.doubt(version);
          }
        }
      } finally {
        if (--running === 0 && isClosing) drained.resolve();
      }
    },
    close() {
      isClosing = true;
      if (running === 0) drained.resolve();
      return drained.promise;
    },
  };
}

interface Turns {
  /** Which replica is asked next; null: none is left that has the version. */
  next(now: number, tried: readonly TritonReplica[]): TritonReplica | null;
  /** A request did not succeed there. */
  note(replica: TritonReplica, error: unknown, isCallersTime: boolean): void;
}

function createTurns(version: ModelVersion, replicas: readonly TritonReplica[]): Turns {
  const hasIt = (replica: TritonReplica): boolean => replica.standing(version)?.kind === "ready";
  const candidate = (replica: TritonReplica) => {
    return { replica: replica.state(version), inFlight: replica.client.inFlight };
  };
  let last = -1;
  return {
    next(now, tried) {
      const open = replicas.filter((replica) => !tried.includes(replica) && hasIt(replica));
      last = open.length === 1 ? 0 : chooseReplica(open.map(candidate), last, now);
      return open[last] ?? null;
    },
    note(replica, error, isCallersTime) {
      const told = tellsOf(error, isCallersTime);
      if (told === "answered") replica.answered(version);
      if (told !== "failed") return;
      const others = replicas.filter((other) => other !== replica && hasIt(other));
      replica.failed(
        version,
        others.map((other) => other.state(version)),
      );
    },
  };
}

/** What the protocol's replies are; something else at the address answers otherwise, HTML for one. */
const replyTypes = /^application\/(json|octet-stream)\s*(;|$)/i;

/** What is handed on is not read, but is the kind of message that was asked for. Throws an InferenceError where it is not. */
function checked({ body, contentType, jsonBytes }: InferReply): RawMessage {
  if (!replyTypes.test(contentType ?? "")) {
    throw new InferenceError(`the reply is ${(contentType ?? "of no type").slice(0, 64)}, not JSON or tensors`);
  }
  const isSound = jsonBytes === null || (Number.isSafeInteger(jsonBytes) && jsonBytes > 0 && jsonBytes <= body.length);
  if (!isSound) throw new InferenceError(`the reply says that ${jsonBytes} of its ${body.length} bytes are JSON`);
  return { body, contentType, jsonBytes };
}

function absenceOf(version: ModelVersion, replicas: readonly TritonReplica[]): Problem | null {
  const { model, version: number } = version.spec;
  const standings = replicas.map((replica) => ({ replica, standing: replica.standing(version) }));
  if (standings.some(({ standing }) => standing?.kind === "ready")) return null;
  const whys = standings.map(({ replica, standing }) => {
    return `${replica.name}: ${standing !== null && standing.kind !== "ready" ? standing.why : "it was not asked yet"}`;
  });
  const differs = standings.some(({ standing }) => standing?.kind === "differs");
  return {
    code: differs ? "version-differs-on-server" : "version-not-on-server",
    file: paths.version(model, number),
    message: `version ${number} of ${model} is not served by Triton (${whys.join("; ")})`,
    hint: differs
      ? "what is loaded there is not what was registered: load the registered model, or register that one as a new version"
      : "see that it is loaded there under this name and version; the gateway goes on asking",
  };
}
