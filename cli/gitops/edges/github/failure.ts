/** What went wrong in a call, read once from whatever Octokit, its plugins or fetch have thrown. */
export type Failure =
  | { readonly kind: "answer"; readonly status: number; readonly message: string }
  | { readonly kind: "graphql"; readonly errors: readonly GraphqlError[]; readonly data: unknown }
  | { readonly kind: "rate-limit"; readonly secondary: boolean; readonly resetsAt: Date | null }
  | { readonly kind: "network"; readonly reason: "no-answer" | "unreachable" | "garbled" };

/** Name of the error for a reply that is whole and no JSON. */
export const garbledReply = "GarbledReply";

export interface GraphqlError {
  /** `NOT_FOUND`, `FORBIDDEN`, `STALE_DATA`, `UNPROCESSABLE`...; GitHub leaves it out of validation errors. */
  readonly type?: string;
  readonly message: string;
  readonly path?: readonly (string | number)[];
}

/** The parts of Octokit's errors that are looked at; the library's classes are not loaded for this. */
interface Thrown {
  readonly name?: string;
  readonly message?: string;
  readonly status?: number;
  readonly cause?: unknown;
  readonly errors?: readonly GraphqlError[];
  readonly data?: unknown;
  readonly response?: { readonly headers?: Readonly<Record<string, string | undefined>>; readonly data?: unknown };
}

/**
 * What is kept of an error as the cause of another: kind, status and words. The whole of it holds the request and the answer,
 * and those hold secrets.
 */
export function causeOf(error: unknown, clean: (text: string) => string): Error {
  const { name = "Error", message = "", status, cause } = error as Thrown;
  const inner = cause instanceof Error ? { cause: new Error(clean(cause.message)) } : {};
  return Object.assign(new Error(clean(message).slice(0, 1000), inner), {
    name,
    ...(status === undefined ? {} : { status }),
  });
}

/** null: not from a call, so a bug of ours. `clean` takes secrets out of what was answered. */
export function failureOf(error: unknown, clean: (text: string) => string = (text) => text): Failure | null {
  if (typeof error !== "object" || error === null) return null;
  const thrown = error as Thrown;
  if (thrown.name === "GraphqlResponseError" && thrown.errors !== undefined) {
    const errors = thrown.errors.map((one) => ({ ...one, message: clean(one.message) }));
    return { kind: "graphql", errors, data: thrown.data };
  }
  // The throttling plugin's own, when it has given up on GraphQL's "RATE_LIMITED".
  if (/GraphQL Rate Limit/i.test(thrown.message ?? "")) return rateLimit(thrown, false);
  if (thrown.name !== "HttpError" || thrown.status === undefined) return null;
  if (thrown.response === undefined) {
    const { name } = (thrown.cause ?? {}) as Thrown;
    const reason = name === "TimeoutError" ? "no-answer" : name === garbledReply ? "garbled" : "unreachable";
    return { kind: "network", reason };
  }
  const message = clean(thrown.message ?? "");
  const limited = thrown.status === 403 || thrown.status === 429;
  if (limited && /\bsecondary rate\b|\babuse\b/i.test(message)) return rateLimit(thrown, true);
  if (thrown.status === 429 || (limited && thrown.response.headers?.["x-ratelimit-remaining"] === "0")) {
    return rateLimit(thrown, false);
  }
  return { kind: "answer", status: thrown.status, message };
}

function rateLimit(thrown: Thrown, secondary: boolean): Failure {
  const reset = Number(thrown.response?.headers?.["x-ratelimit-reset"]);
  return { kind: "rate-limit", secondary, resetsAt: reset > 0 ? new Date(reset * 1000) : null };
}

/** All that GitHub has said, for matching; GraphQL's errors one a line. */
export function wordsOf(failure: Failure): string {
  if (failure.kind === "answer") return failure.message;
  return failure.kind === "graphql" ? failure.errors.map((error) => error.message).join("\n") : "";
}

/** A rule for the branch stands in the way: protection in its two generations, and what GraphQL makes of them. */
export function saysProtected(failure: Failure): boolean {
  return /protected branch|must be made through a pull request|repository rule violations|not authorized to push to this branch|required status check/i.test(
    wordsOf(failure),
  );
}

/** REST says it with 403, as if the token were to blame. */
export function saysArchived(failure: Failure): boolean {
  return /archived so (it )?is read-only/i.test(wordsOf(failure));
}

/** The branch is not where `expectedHeadOid` says. */
export function saysStale(failure: Failure): boolean {
  if (failure.kind === "graphql" && failure.errors.some((error) => error.type === "STALE_DATA")) return true;
  return /expected branch to point to|is at \w+ but expected/i.test(wordsOf(failure));
}

/** The server does not know the field or the route: an older GitHub Enterprise Server. */
export function saysUnknown(failure: Failure): boolean {
  if (failure.kind === "answer") return failure.status === 501;
  return (
    failure.kind === "graphql" &&
    failure.errors.some((error) =>
      /doesn't exist on type|cannot query field|is not defined by type/i.test(error.message),
    )
  );
}
