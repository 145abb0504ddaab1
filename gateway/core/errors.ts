import type { AttemptPhase } from "./record.ts";

/**
 * The caller's own mistake, or something that the caller can be told plainly. `message` is for the caller and names what
 * was expected; `code` is kebab-case, for programs.
 */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly status: number;
  readonly code: string;
  /** The version that it came of, and in which phase; null: none was chosen yet. */
  by: { readonly version: number; readonly phase: AttemptPhase } | null = null;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/**
 * The model's answer holds NaN, an infinity or bytes that are no text, which JSON has no words for. Whose doing that is, one version alone cannot tell:
 * finite inputs overflow, too, and binary ones need not be finite.
 */
export class OutputNotJson extends RequestError {
  constructor(output: string, why: string) {
    const instead = 'POST /v2/models/.../infer with the parameter "binary_data_output": true';
    super(
      422,
      "output-not-json",
      `output "${output}": ${why}, which JSON cannot carry; ask for binary data: ${instead}`,
    );
  }
}

/** The address is right, the method is not. */
export class MethodError extends RequestError {
  readonly allowed: readonly string[];

  constructor(method: string, allowed: readonly string[]) {
    super(405, "method-not-allowed", `use ${allowed.join(" or ")}, not ${method}`);
    this.allowed = allowed;
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

/** In seconds: room for a request, or a model that is being loaded, is there soon, or an operator has to come anyway. */
export const retryAfter = "1";

/** A refusal, ready to be sent. */
export interface ErrorReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly error: string; readonly code?: string };
}

/** In the shape of the protocol that the path belongs to: KServe's v1 and v2 have a message alone. */
export function errorReply(path: string, error: RequestError): ErrorReply {
  const { status, code, message } = error;
  return {
    status,
    headers: {
      ...(error instanceof MethodError ? { allow: error.allowed.join(", ") } : {}),
      ...(status === 401 ? { "www-authenticate": "Bearer" } : {}),
      // The rest of a body that did not come in time is waited for no longer.
      ...(status === 408 ? { connection: "close" } : {}),
      ...(status === 503 ? { "retry-after": retryAfter } : {}),
      ...failedBy(error),
    },
    body: /^\/v[12](\/|$)/.test(path) ? { error: message } : { error: message, code },
  };
}

/** Headers that say which version failed, as those of an answer do; none where no version was chosen. */
export function failedBy({ by }: RequestError): Readonly<Record<string, string>> {
  return by === null ? {} : { "x-mmsp-version": String(by.version), "x-mmsp-phase": by.phase };
}
