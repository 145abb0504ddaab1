import type { AttemptPhase } from "../core/record.ts";
import type { Answer } from "../predict.ts";

/** What a caller may name a request by: enough for every tracing system, too little to write lines into a log. */
const saneId = /^[\w.:/+=@-]{1,128}$/;

/** The caller's `x-request-id` where it is sane, else one of our own: what a reply and the log are found by. */
export function requestIdOf({ headers }: { readonly headers: Pick<Headers, "get"> }): string {
  const given = headers.get("x-request-id");
  return given !== null && saneId.test(given) ? given : crypto.randomUUID();
}

/** An answer, and what it is found by. */
export interface Signed<Reply> {
  readonly answer: Answer<Reply>;
  readonly requestId: string;
  /** Of the table that the version was chosen by. */
  readonly revision: string;
}

/** Headers that say who answered, for load generators and curious people. */
export function answerHeaders(signed: Signed<unknown>): Headers {
  const { fallbackFrom } = signed.answer;
  const headers = new Headers(sharedInit(signed).headers);
  if (fallbackFrom !== null) headers.set("x-mmsp-fallback-from", String(fallbackFrom));
  return headers;
}

/** The same for gRPC, whose metadata is no reply of HTTP. */
export function answerMetadata({ answer, requestId, revision }: Signed<unknown>): Readonly<Record<string, string>> {
  const { version, phase, latencyMs, fallbackFrom } = answer;
  return {
    ...constantHeaders(version, phase, revision),
    "x-mmsp-request-id": requestId,
    "x-mmsp-latency-ms": latencyMs.toFixed(3),
    ...(fallbackFrom !== null && { "x-mmsp-fallback-from": String(fallbackFrom) }),
  };
}

/** The reply as JSON. */
export function jsonAnswer(signed: Signed<unknown>, body: object): Response {
  return writtenAnswer(signed, JSON.stringify(body));
}

/** The same of JSON that somebody has written already. */
export function writtenAnswer(signed: Signed<unknown>, json: string | Uint8Array<ArrayBuffer>): Response {
  // A response takes a copy.
  return new Response(
    json,
    signed.answer.fallbackFrom === null ? sharedInit(signed) : { headers: answerHeaders(signed) },
  );
}

interface Init {
  readonly headers: Headers;
}

/** Of one revision; those of the one before are dropped with the first answer by the next. */
interface Shared {
  readonly revision: string;
  readonly inits: Readonly<Record<AttemptPhase, Map<number, Init>>>;
}

let shared = sharedBy("");

function sharedBy(revision: string): Shared {
  return { revision, inits: { stable: new Map(), canary: new Map(), explicit: new Map() } };
}

/**
 * Headers of a JSON reply by a version in a phase, made once: to make six of them anew costs more than a small model. What
 * each request has for itself is written over the last one's, so they are good until the next call.
 */
function sharedInit({ answer, requestId, revision }: Signed<unknown>): Init {
  const { version, phase, latencyMs } = answer;
  if (shared.revision !== revision) shared = sharedBy(revision);
  const ofPhase = shared.inits[phase];
  const init = ofPhase.get(version) ?? {
    headers: new Headers({ "content-type": "application/json", ...constantHeaders(version, phase, revision) }),
  };
  ofPhase.set(version, init);
  init.headers.set("x-mmsp-request-id", requestId);
  init.headers.set("x-mmsp-latency-ms", latencyMs.toFixed(3));
  return init;
}

function constantHeaders(version: number, phase: AttemptPhase, revision: string): Readonly<Record<string, string>> {
  return { "x-mmsp-version": String(version), "x-mmsp-phase": phase, "x-mmsp-revision": revision };
}
