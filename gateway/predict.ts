import { chooseVersion } from "./core/choose.ts";
import { deadlineOf, type Deadline } from "./core/deadline.ts";
import { OutputNotJson, RequestError } from "./core/errors.ts";
import {
  blame,
  blameBeside,
  clientError,
  clientFault,
  fallbackReason,
  isForWantOfRoom,
  isNobodysFault,
  MalformedAnswer,
  type Failed,
} from "./core/failures.ts";
import {
  CallerGone,
  DeadlineExceeded,
  InferenceError,
  Unavailable,
  type Gone,
  type LoadedModel,
} from "./core/ports.ts";
import type { AttemptOutcome, AttemptPhase, Recorder } from "./core/record.ts";
import { createRetryBudget } from "./core/retry-budget.ts";
import { isKnown, type Route, type RoutingTable, type Target } from "./core/route.ts";
import { flawIn } from "./core/unread-reply.ts";
import { createVersionMap, type IsLive } from "./core/version-map.ts";
import { readAfterAll, type RawCall } from "./forward.ts";
import { within } from "./within.ts";
import type { Tensor } from "../schemas/tensor.ts";

/** One request, whatever protocol it came by. */
export interface Call<Reply> {
  /** null: the only model. */
  readonly model: string | null;
  /** null: the gateway chooses. */
  readonly version: number | null;
  /** Value of a request header, or null. */
  header(name: string): string | null;
  /** Milliseconds that the caller waits at most, as its protocol says it; null or left out: it says nothing. */
  readonly timeoutMs?: number | null;
  /** Left out: the caller cannot go before it is answered. */
  readonly gone?: Gone;
  /** The request as inputs of this version. Throws a RequestError that tells the caller what to mend. */
  encode(target: LoadedModel): readonly Tensor[];
  /** The version's outputs as a reply. Throws an InferenceError where they are malformed, OutputNotJson where it cannot say them. */
  decode(target: LoadedModel, outputs: readonly Tensor[]): Reply;
  /** Left out or null where the request has to be read, whoever runs it. */
  readonly raw?: RawCall<Reply> | null;
}

/** What the client gets, and who answered. */
export interface Answer<Reply> {
  readonly reply: Reply;
  readonly model: string;
  readonly version: number;
  readonly phase: AttemptPhase;
  /** The canary that failed this request before stable answered it. */
  readonly fallbackFrom: number | null;
  /** From the request to the answer, in milliseconds. */
  readonly latencyMs: number;
}

export interface PredictDeps {
  table(): RoutingTable;
  readonly recorder: Recorder;
  /** Uniform in 0..1. */
  random(): number;
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** A request names its version, whatever it is. */
  onNamed(model: string, version: number): void;
  /** A version failed by its own fault. For the log: what the client is told hides the cause. */
  onFault(model: string, version: number, error: unknown): void;
}

/** Retries of failed canary attempts may add this share of traffic to stable. */
const retryShare = 0.2;

/** Share of a request's deadline that the canary may use, so that stable has time left. */
const canaryShare = 0.5;

interface Tried<Reply> {
  readonly reply: Reply;
  readonly seconds: number;
  /** What a canary's reply would be refused for; null: nothing, or nobody has looked. */
  readonly flaw: Error | null;
}

/** What is made of a model server's reply that is handed on as it came: nobody reads it, or a flaw is noted, or makes it no answer. */
type Reading = "unread" | "noted" | "refused";

/**
 * Answers requests: chooses the version, runs it, and where a canary fails by its own fault lets stable answer in the same
 * request. Everything is recorded as attempts at versions. Rejects with RequestError only.
 */
export function createPredictor(deps: PredictDeps): <Reply>(call: Call<Reply>) => Promise<Answer<Reply>> {
  const isLive: IsLive = (model, version) => isKnown(deps.table(), model, version);
  const budgets = createVersionMap(isLive, () => createRetryBudget(retryShare));

  return async function predict<Reply>(call: Call<Reply>): Promise<Answer<Reply>> {
    const started = deps.now();
    const route = routeFor(deps, call);
    const deadline = deadlineOf(route.timeoutMs, call.header, call.timeoutMs ?? null);
    const budget = budgets.of(route.model, null);
    budget.earn();
    const sticky = route.stickyHeader === null ? null : call.header(route.stickyHeader);
    const choice = chooseVersion(route, { explicit: call.version, sticky }, deps.random());
    if (choice.kind === "none") throw new RequestError(choice.status, choice.code, choice.message);
    const { version, phase, attempt: rollout } = choice;
    const record = (outcome: AttemptOutcome, seconds: number): void =>
      deps.recorder.attempt({ model: route.model, version, rollout, phase, outcome, fallback: false, seconds });
    const answer = (reply: Reply, by: number, as: AttemptPhase, fallbackFrom: number | null): Answer<Reply> => {
      return { reply, model: route.model, version: by, phase: as, fallbackFrom, latencyMs: deps.now() - started };
    };

    const share = phase === "canary" ? { ...deadline, ms: deadline.ms * canaryShare } : deadline;
    const first = await attempt(deps, route, version, call, share, phase === "canary" ? "refused" : "unread");
    if ("reply" in first) {
      record("ok", first.seconds);
      return answer(first.reply, version, phase, null);
    }
    const reason = fallbackReason(first.error);
    const standIn = standInFor(deps, route, version);
    if (phase !== "canary" || standIn === null || reason === null || !budget.spend()) {
      record(blame(first, route, deadline), first.seconds);
      throw Object.assign(clientError(first.error, route, version, deadline), { by: { version, phase } });
    }
    // A canary that held up the event loop may have used up more than its share: stable is not to blame, and has its own.
    const left = Math.max(deadline.ms * (1 - canaryShare), deadline.ms - (deps.now() - started));
    const reading = reason === "malformed" ? "noted" : "unread";
    const { version: stable } = standIn.target;
    const second = await attempt(deps, standIn.route, stable, call, { ...deadline, ms: left }, reading);
    if ("reply" in second) {
      const outcome = blameBeside(first, route, deadline, second.flaw);
      record(outcome, first.seconds);
      if (outcome === "fault" && first.error instanceof OutputNotJson) deps.onFault(route.model, version, first.error);
      recordStable(deps, standIn, "ok", second.seconds);
      deps.recorder.fallback(route.model, version, outcome === "shared" ? outcome : reason);
      return answer(second.reply, stable, "stable", version);
    }
    if (second.error instanceof RequestError || second.error instanceof CallerGone) {
      // Neither takes what the caller sent, or nobody waits for it.
      budget.giveBack();
      record("refused", first.seconds);
      recordStable(deps, standIn, "refused", second.seconds);
    } else {
      // Something that both share: it says nothing against the canary.
      record(isForWantOfRoom(reason) ? "refused" : "shared", first.seconds);
      recordStable(deps, standIn, blame(second, standIn.route, deadline), second.seconds);
      deps.recorder.fallback(route.model, version, "shared");
    }
    throw Object.assign(clientError(second.error, route, stable, deadline), {
      by: { version: stable, phase: "stable" },
    });
  };
}

/** A version that answers for a canary. */
interface StandIn {
  readonly route: Route;
  readonly target: Target;
}

/** By the newest table: what the request began with may have been swapped, cut and closed meanwhile. */
function standInFor(deps: PredictDeps, before: Route, canary: number): StandIn | null {
  const route = deps.table().models.get(before.model) ?? before;
  const target = route.stable?.version === canary ? before.stable : route.stable;
  return target && { route, target };
}

function recordStable(
  deps: PredictDeps,
  { route: { model }, target: { version, attempt: rollout } }: StandIn,
  outcome: AttemptOutcome,
  seconds: number,
): void {
  deps.recorder.attempt({ model, version, rollout, phase: "stable", outcome, fallback: true, seconds });
}

async function attempt<Reply>(
  deps: PredictDeps,
  route: Route,
  version: number,
  call: Call<Reply>,
  { ms: deadlineMs, isCallers }: Deadline,
  reading: Reading,
): Promise<Tried<Reply> | Failed> {
  const started = deps.now();
  const seconds = (): number => (deps.now() - started) / 1000;
  const ownMs = isCallers ? route.timeoutMs : deadlineMs;
  const target = route.loaded.get(version);
  if (target === undefined) {
    return { error: new RequestError(503, "version-not-loaded", `version ${version} is not loaded`), seconds: 0 };
  }
  const raw = target.forward === undefined ? null : (call.raw ?? null);
  try {
    if (raw !== null && target.forward !== undefined) {
      const reply = await target.forward(raw.request, deadlineMs, call.gone, ownMs);
      const flaw = reading === "unread" ? null : flawIn(raw.request, reply, target.signature);
      if (flaw !== null && reading === "refused") throw flaw;
      return { reply: raw.reply(reply), seconds: seconds(), flaw };
    }
    const inputs = call.encode(target);
    // What runs on the event loop cannot be interrupted, and a timer a request would cost more than the model: whether it
    // came too late is seen afterwards.
    const running = target.infer(inputs, deadlineMs, call.gone, ownMs);
    const outputs = await (target.place === "worker"
      ? within(deadlineMs, running, () => late(deadlineMs), call.gone)
      : running);
    if (deps.now() - started > deadlineMs) throw late(deadlineMs);
    return { reply: decode(call, target, outputs), seconds: seconds(), flaw: null };
  } catch (thrown) {
    const error = clientFault(raw === null ? thrown : readAfterAll(thrown, call, target), route, version);
    if (!isNobodysFault(error) || error instanceof Unavailable) deps.onFault(route.model, version, error);
    return { error, seconds: seconds() };
  }
}

function decode<Reply>(call: Call<Reply>, target: LoadedModel, outputs: readonly Tensor[]): Reply {
  try {
    return call.decode(target, outputs);
  } catch (error) {
    if (error instanceof InferenceError) throw new MalformedAnswer(error.message, { cause: error });
    throw error;
  }
}

function late(ms: number): DeadlineExceeded {
  return new DeadlineExceeded(`no answer within ${Math.round(ms)} ms`);
}

/** Of a version that is named, after it has been made known that it is. */
function routeFor(deps: PredictDeps, { model, version }: Call<unknown>): Route {
  const route = findRoute(deps.table(), model);
  if (version === null) return route;
  deps.onNamed(route.model, version);
  return deps.table().models.get(route.model) ?? route;
}

function findRoute(table: RoutingTable, model: string | null): Route {
  const wanted = model ?? onlyModel(table);
  const route = wanted === null ? undefined : table.models.get(wanted);
  if (route !== undefined) return route;
  // Not the caller's mistake: it is still loading, or an operator has to mend something.
  if (wanted === null ? table.models.size === 0 && isToCome(table) : table.unserved.has(wanted)) {
    const message = `${wanted ?? "no model"} ${wanted === null ? "is" : "cannot be"} served now; GET /status says why`;
    throw new RequestError(503, "model-not-ready", message);
  }
  const names = [...table.models.keys()].toSorted();
  const known = names.length === 0 ? "no model is served here" : `served are: ${names.join(", ")}`;
  if (wanted === null) throw new RequestError(400, "model-missing", `say which model; ${known}`);
  throw new RequestError(404, "model-unknown", `there is no model "${wanted.slice(0, 64)}"; ${known}`);
}

/** What a request asks for that names no model; null where there are several, or none. */
function onlyModel({ models }: RoutingTable): string | null {
  if (models.size !== 1) return null;
  for (const name of models.keys()) return name;
  return null;
}

/** Something should be served, or nobody knows yet what. */
function isToCome({ revision, unserved }: RoutingTable): boolean {
  return revision === "" || unserved.size > 0;
}
