/**
 * The caller's own mistake, or something that the caller can be told plainly. `message` is for the caller and names what
 * was expected; `code` is kebab-case, for programs.
 */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Nobody is there to be told: for the log and the metrics, by the status that nginx made customary for it. */
export function callerGone(): RequestError {
  return new RequestError(499, "caller-gone", "the caller has gone before it was answered");
}

/** Stops with a 400. */
export function refuse(code: string, message: string): never {
  throw new RequestError(400, code, message);
}
