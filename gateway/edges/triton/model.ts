import type { ModelVersion } from "../../../schemas/model-version.ts";
import type { Problem } from "../../../schemas/problem.ts";
import { paths } from "../../../schemas/tree.ts";
import {
  CallerGone,
  InferenceError,
  Unavailable,
  type Gone,
  type LoadedModel,
  type RawMessage,
} from "../../core/ports.ts";
import { chooseReplica } from "../../core/replicas.ts";
import { decodeServerReply, encodeServerRequest, serverFailure } from "../../core/server-infer.ts";
import { ReplyMalformed, UpstreamBroken, UpstreamUnreachable } from "../../core/upstream.ts";
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
  const ask = createAsking(version, replicas);
  const drained = Promise.withResolvers<void>();
  let running = 0;
  let closing: Promise<void> | null = null;

  async function counted<T>(work: () => Promise<T>): Promise<T> {
    if (closing !== null) throw new Unavailable("the version is served no more");
    running++;
    try {
      return await work();
    } finally {
      if (--running === 0 && closing !== null) drained.resolve();
    }
  }

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
    infer: (inputs, withinMs = longestMs, gone) =>
      counted(async () => {
        const reply = await ask(encodeServerRequest(inputs, spec.signature), withinMs, gone);
        return decodeServerReply(reply, spec.signature);
      }),
    forward: (request, withinMs, gone) => counted(async () => checked(await ask(request, withinMs, gone))),
    absence: () => absenceOf(version, replicas),
    close() {
      if (running === 0) drained.resolve();
      return (closing ??= drained.promise.then(release));
    },
  };
}

/**
 * Sends a request to the least busy replica that has the version. To another one only where this one has not run it: nothing was
 * sent, or it says that it does not have the version, or no room for it. What the caller waits for no more is given up there, too.
 */
function createAsking(
  version: ModelVersion,
  replicas: readonly TritonReplica[],
): (request: RawMessage, withinMs: number, gone?: Gone) => Promise<InferReply> {
  const { spec } = version;
  let last = -1;
  return async (request, withinMs, gone) => {
    const signal = gone?.();
    const deadline = performance.now() + withinMs;
    const tried = new Set<TritonReplica>();
    let failure: Error | null = null;
    for (;;) {
      const now = performance.now();
      const replica = next(now, tried);
      if (replica === null) throw failure ?? new Unavailable(`no Triton has version ${spec.version} of ${spec.model}`);
      tried.add(replica);
      const reply = await replica.client
        .infer(spec.model, spec.version, request, deadline - now, signal)
        .catch((error: unknown) => failed(replica, error, signal));
      if ("failure" in reply) {
        failure = reply.failure;
        continue;
      }
      if (reply.status === 404 || reply.status === 503) {
        failure = serverFailure(reply.status, reply.body);
        replica.doubt(version);
        continue;
      }
      replica.answered();
      if (reply.status !== 200) throw serverFailure(reply.status, reply.body);
      return reply;
    }
  };

  function next(now: number, tried: ReadonlySet<TritonReplica>): TritonReplica | null {
    const open = replicas.filter((replica) => !tried.has(replica) && replica.standing(version)?.kind === "ready");
    const candidates = open.map((replica) => ({ replica: replica.state(), inFlight: replica.client.inFlight }));
    last = chooseReplica(candidates, last, now);
    return open[last] ?? null;
  }
}

/** What may be tried elsewhere is answered with; everything else is thrown. */
function failed(replica: TritonReplica, error: unknown, signal?: AbortSignal): { readonly failure: Error } {
  if (signal?.aborted === true && error === signal.reason) throw new CallerGone("the caller has gone");
  if (error instanceof UpstreamUnreachable) {
    replica.failed();
    return { failure: new Unavailable(error.message, { cause: error }) };
  }
  if (error instanceof UpstreamBroken || error instanceof ReplyMalformed) {
    replica.failed();
    throw new InferenceError(error.message, { cause: error });
  }
  throw error;
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
