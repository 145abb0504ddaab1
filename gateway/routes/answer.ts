import type { Answer } from "../predict.ts";

/** What a caller may name a request by: enough for every tracing system, too little to write lines into a log. */
const saneId = /^[\w.:/+=@-]{1,128}$/;

/** The caller's `x-request-id` where it is sane, else one of our own: what a reply and the log are found by. */
export function requestIdOf(request: Request): string {
  const given = request.headers.get("x-request-id");
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
export function answerHeaders({ answer, requestId, revision }: Signed<unknown>): Record<string, string> {
  const headers: Record<string, string> = {
    "x-mmsp-version": String(answer.version),
    "x-mmsp-phase": answer.phase,
    "x-mmsp-request-id": requestId,
    "x-mmsp-latency-ms": answer.latencyMs.toFixed(3),
    "x-mmsp-revision": revision,
  };
  if (answer.fallbackFrom !== null) headers["x-mmsp-fallback-from"] = String(answer.fallbackFrom);
  return headers;
}
