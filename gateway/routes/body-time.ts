import { deadlineOf, longestBodyMs } from "../core/deadline.ts";
import { RequestError } from "../core/errors.ts";

/** How often bodies that are not there are looked at, in milliseconds. */
const lookMs = 250;

/** A body that has not arrived. */
interface Awaited {
  readonly request: Request;
  readonly reject: (error: unknown) => void;
  /** Since it was first awaited, in milliseconds, less what may have been missing of the first look's. */
  ageMs: number;
}

const awaited = new Set<Awaited>();
let looking: ReturnType<typeof setInterval> | undefined;

/**
 * The body, where it is there in the time that its sender gives the request, `longestBodyMs` at most: what comes in drops would
 * be waited for without end, because Bun closes only what is silent. Rejects with a RequestError, 408, where it is not. One clock
 * for all of them: nearly every body comes with its head, and a timer of its own would cost a request more than its model.
 */
export function arrived<Body>(request: Request, body: Promise<Body>): Promise<Body> {
  return new Promise((resolve, reject) => {
    const one = { request, reject, ageMs: -lookMs };
    awaited.add(one);
    looking ??= setInterval(look, lookMs);
    body.then(
      (whole) => {
        awaited.delete(one);
        resolve(whole);
      },
      (error: unknown) => {
        awaited.delete(one);
        reject(error);
      },
    );
  });
}

function look(): void {
  if (awaited.size === 0) {
    clearInterval(looking);
    looking = undefined;
  }
  for (const one of awaited) {
    one.ageMs += lookMs;
    const error = lateness(one);
    if (error === null) continue;
    awaited.delete(one);
    one.reject(error);
  }
}

function lateness({ request, ageMs }: Awaited): unknown {
  try {
    const { ms } = deadlineOf(longestBodyMs, (name) => request.headers.get(name), null);
    return ageMs < ms ? null : new RequestError(408, "body-late", `the body was not there within ${ms} ms`);
  } catch (error) {
    return error; // a time that is none
  }
}
