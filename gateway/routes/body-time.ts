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
  /** Among those awaited; null: it is there, or given up. */
  place: number | null;
}

/** An array, because a set that every request is added to and deleted from keeps garbage alive. Their order means nothing. */
const awaited: Awaited[] = [];
let looking: ReturnType<typeof setInterval> | undefined;

/**
 * The body, where it is there in the time that its sender gives the request, `longestBodyMs` at most: what comes in drops would
 * be waited for without end, because Bun closes only what is silent. Rejects with a RequestError, 408, where it is not. One clock
 * for all of them: nearly every body comes with its head, and a timer of its own would cost a request more than its model.
 */
export function arrived<Body>(request: Request, body: Promise<Body>): Promise<Body> {
  return new Promise((resolve, reject) => {
    const one: Awaited = { request, reject, ageMs: -lookMs, place: awaited.length };
    awaited.push(one);
    looking ??= setInterval(look, lookMs);
    body.then(
      (whole) => {
        forget(one);
        resolve(whole);
      },
      (error: unknown) => {
        forget(one);
        reject(error);
      },
    );
  });
}

function forget(one: Awaited): void {
  if (one.place === null) return;
  const last = awaited.pop();
  if (last !== undefined && last !== one) {
    awaited[one.place] = last;
    last.place = one.place;
  }
  one.place = null;
}

function look(): void {
  if (awaited.length === 0) {
    clearInterval(looking);
    looking = undefined;
  }
  for (const one of awaited.slice()) {
    one.ageMs += lookMs;
    const error = lateness(one);
    if (error === null) continue;
    forget(one);
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
