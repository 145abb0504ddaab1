import { refuse } from "./errors.ts";
import { describe, isObject } from "./words.ts";

/** By which a client of any protocol may say how long it waits for the answer, in milliseconds. */
const timeoutHeader = "x-mmsp-timeout-ms";

/** What the body of a request may take that says nothing about its time, in milliseconds: 8 MiB in it are one Mbit/s. */
export const longestBodyMs = 60_000;

/** How long one request may take. */
export interface Deadline {
  readonly ms: number;
  /** The caller waits for less than the route gives: what is not answered in that time says less about the version. */
  readonly isCallers: boolean;
}

/**
 * The least of what the route gives, what the header says and what the protocol has said (null: nothing). A caller can only
 * have less than the route's. Throws a RequestError for a header that is no time.
 */
export function deadlineOf(
  routeMs: number,
  header: (name: string) => string | null,
  protocolMs: number | null,
): Deadline {
  const text = header(timeoutHeader);
  const callersMs = Math.min(text === null ? Infinity : readHeader(text), protocolMs ?? Infinity);
  return callersMs < routeMs ? { ms: callersMs, isCallers: true } : { ms: routeMs, isCallers: false };
}

function readHeader(text: string): number {
  if (/^\d{1,15}$/.test(text) && Number(text) > 0) return Number(text);
  return refuse(
    "timeout-invalid",
    `the header ${timeoutHeader} must be a whole number of milliseconds from 1, not ${describe(text)}`,
  );
}

/**
 * The parameter `timeout` of an inference request, which is in microseconds, as milliseconds; null where there is none, or
 * where it is 0, which stands for none. Throws a RequestError for anything else.
 */
export function timeoutParameterMs(parameters: unknown): number | null {
  const timeout = isObject(parameters) ? parameters["timeout"] : undefined;
  if (timeout === undefined || timeout === 0) return null;
  if (typeof timeout === "number" && Number.isSafeInteger(timeout) && timeout > 0) return timeout / 1000;
  return refuse(
    "timeout-invalid",
    `parameters.timeout must be a whole number of microseconds, 0 for none, not ${describe(timeout)}`,
  );
}
