import type { Deadline } from "./deadline.ts";
import { callerGone, OutputNotJson, RequestError } from "./errors.ts";
import { CallerGone, DeadlineExceeded, InputRefused, InputUnsupported, Overloaded, Unavailable } from "./ports.ts";
import type { AttemptOutcome, FallbackReason } from "./record.ts";
import type { Route } from "./route.ts";

/** The model ran, and what came out is no answer. */
export class MalformedAnswer extends Error {
  override readonly name = "MalformedAnswer";
}

/** A failed attempt. */
export interface Failed {
  readonly error: unknown;
  readonly seconds: number;
}

/**
 * Why stable may answer instead; null where it could do no better. A canary that refuses what the caller sent is asked
 * about at stable too: if stable takes it, the canary's signature broke its clients. So is one whose answer JSON cannot carry:
 * where stable's can be, the canary's is malformed. One that has no room for the request
 * (a slow one soon has none) is not blamed for that, but its callers need not suffer for it.
 */
export function fallbackReason(error: unknown): FallbackReason | null {
  if (error instanceof Overloaded) return "overload";
  if (error instanceof Unavailable) return "unavailable";
  if (error instanceof DeadlineExceeded) return "timeout";
  if (error instanceof MalformedAnswer || error instanceof OutputNotJson) return "malformed";
  if (error instanceof RequestError) return error.status === 400 || error.status === 422 ? "signature" : null;
  return error instanceof CallerGone ? null : "error";
}

/** It was never run, or nobody waits for it: that says nothing about the version. */
export function isNobodysFault(error: unknown): boolean {
  return [RequestError, Overloaded, Unavailable, CallerGone].some((kind) => error instanceof kind);
}

/** What is wrong with the input, as the caller is told it; any other error as it is. */
export function clientFault(error: unknown, route: Route, version: number): unknown {
  if (error instanceof InputUnsupported) return new RequestError(400, "value-unsupported", error.message);
  if (!(error instanceof InputRefused)) return error;
  return new RequestError(
    error.status,
    "input-refused",
    `version ${version} of ${route.model} refused the input: ${error.message}`,
  );
}

/** Stable may have room where the canary has none. */
export function isForWantOfRoom(reason: FallbackReason | null): boolean {
  return reason === "overload" || reason === "unavailable";
}

/**
 * What a failure that nothing better is known about says of the version. One that was given less time than the route gives
 * is not at fault for having needed more; but slow it was, where it took longer than its objective allows.
 */
export function blame({ error, seconds }: Failed, { slo }: Route, { isCallers }: Deadline): AttemptOutcome {
  if (isNobodysFault(error)) return "refused";
  if (!isCallers || !(error instanceof DeadlineExceeded)) return "fault";
  return seconds * 1000 > (slo.latencyP95Ms ?? Infinity) ? "late" : "refused";
}

/**
 * The same of a canary where stable has answered instead. That stable takes what the canary's signature refuses, or answers in
 * numbers where the canary does not, is the canary's fault; that it has room is not. `flaw`: what the canary's answer would have
 * been refused for in stable's as well.
 */
export function blameBeside(failed: Failed, route: Route, deadline: Deadline, flaw: Error | null): AttemptOutcome {
  if (flaw !== null) return "shared";
  return failed.error instanceof RequestError ? "fault" : blame(failed, route, deadline);
}

/** What the caller is told. Causes go to the log: they are an oracle about the inside. */
export function clientError(error: unknown, route: Route, version: number, deadline: Deadline): RequestError {
  if (error instanceof RequestError) return error;
  const who = `version ${version} of ${route.model}`;
  if (error instanceof Overloaded) return new RequestError(503, "overloaded", `${who} is overloaded; try again later`);
  if (error instanceof Unavailable) return new RequestError(503, "unavailable", `${who} is not there; try again later`);
  if (error instanceof DeadlineExceeded) {
    const asked = deadline.isCallers ? ", as the request asks" : "";
    return new RequestError(504, "deadline-exceeded", `${who} did not answer within ${deadline.ms} ms${asked}`);
  }
  if (error instanceof CallerGone) return callerGone();
  return new RequestError(500, "inference-failed", `${who} failed on this input`);
}
