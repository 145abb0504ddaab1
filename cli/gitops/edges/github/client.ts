import type { Octokit } from "@octokit/rest";
import { explainFailure, type Attempt } from "./errors.ts";
import { withoutSecrets } from "../../../../schemas/secrets.ts";
import { causeOf, failureOf, garbledReply, type Failure } from "./failure.ts";

/** Where Octokit's own words go. Never stdout or stderr: those belong to the command. */
export interface ClientLog {
  debug(message: string): unknown;
  info(message: string): unknown;
  warn(message: string): unknown;
  error(message: string): unknown;
}

/** One of Octokit's strategies of signing its calls, in the place of a token that stays. */
export interface Signing {
  readonly authStrategy: (options: never) => unknown;
  readonly auth?: object;
}

export interface ClientOptions {
  /** `https://api.github.com`, or `https://HOST/api/v3` of a GitHub Enterprise Server. */
  readonly apiUrl: string;
  readonly token: string | Signing;
  readonly userAgent: string;
  /** Of one call, without its retries. Default 30 s. */
  readonly timeoutMs?: number | undefined;
  /** After a call that failed by the network or with 5xx, default 2. */
  readonly retries?: number | undefined;
  /** A second of the waits between retries, in milliseconds. Shorter in tests. */
  readonly secondMs?: number | undefined;
  readonly log?: ClientLog | undefined;
  /**
   * The caller tries again by itself, and it is in a hurry: while calls succeed they go without the plugins, whose queues cost
   * 10 ms each time. A call that fails is told at once, and the ones after it wait and are repeated until one succeeds.
   */
  readonly isHurried?: boolean | undefined;
}

/** Octokit, with its errors made readable. */
export interface Client {
  /**
   * Runs a call and throws what people can read. `special` sees the failure first and may answer with an error that the
   * caller is waiting for.
   */
  attempt<T>(
    attempt: Attempt,
    call: (octokit: Octokit) => Promise<T>,
    special?: (failure: Failure, cause: unknown) => Error | null,
  ): Promise<T>;
}

/** The longest wait for a rate limit, in seconds; a primary limit may be an hour away, and then somebody should know. */
const longestWait = 90;

const silent: ClientLog = { debug() {}, info() {}, warn() {}, error() {} };

/** Octokit is loaded at the first call: most commands never make one. */
export function createClient(options: ClientOptions): Client {
  const patient = once(() => connect(options));
  const hurried = once(() => connectPlainly(options));
  // What answers may be anything, and repeat what it was sent.
  const clean = (text: string): string =>
    withoutSecrets(text, typeof options.token === "string" ? [options.token] : []);
  let isHurried = options.isHurried ?? false;
  return {
    async attempt(attempt, call, special) {
      try {
        const answer = await call(await (isHurried ? hurried() : patient()));
        isHurried = options.isHurried ?? false;
        return answer;
      } catch (error) {
        isHurried = false;
        const failure = failureOf(error, clean);
        if (failure === null) throw error;
        const cause = causeOf(error, clean);
        throw special?.(failure, cause) ?? explainFailure(failure, attempt, cause);
      }
    },
  };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

async function connectPlainly(options: ClientOptions): Promise<Octokit> {
  const { Octokit: Plain } = await import("@octokit/rest");
  return new Plain(commonOf(options));
}

function commonOf({ apiUrl, token, userAgent, timeoutMs = 30_000, log = silent }: ClientOptions) {
  const signing = typeof token === "string" ? { auth: token } : token;
  return { baseUrl: apiUrl, ...signing, userAgent, log, request: { fetch: fetchWithin(timeoutMs), log } };
}

async function connect(options: ClientOptions): Promise<Octokit> {
  const [{ Octokit: Base }, { throttling }, { retry }] = await Promise.all([
    import("@octokit/rest"),
    import("@octokit/plugin-throttling"),
    import("@octokit/plugin-retry"),
  ]);
  const { retries = 2, secondMs = 1000 } = options;
  const wait = (seconds: number, _request: unknown, _octokit: unknown, retried: number) =>
    retried < 2 && seconds <= longestWait;
  const Plugged = Base.plugin(throttling, retry);
  return new Plugged({
    ...commonOf(options),
    // 409, 429 and 501 besides the plugin's own: each has somebody else who knows what to do.
    retry: { retries, retryAfterBaseValue: secondMs, doNotRetry: [400, 401, 403, 404, 409, 410, 422, 429, 451, 501] },
    throttle: {
      onRateLimit: wait,
      onSecondaryRateLimit: wait,
      retryAfterBaseValue: secondMs,
      ...unspaced,
    },
  });
}

/**
 * The plugin puts 1 s between writes and 3 s between pull requests, for programs that make hundreds. A command makes
 * three; should GitHub mind, the call-backs wait as long as it says. A queue costs a call 5 ms even when it is empty, and all
 * calls go through the plugin's third, of ten at a time. This stands in for the three of them.
 */
const noQueue = {
  key: () => ({
    schedule: (_options: unknown, job: (...args: readonly unknown[]) => unknown, ...args: readonly unknown[]) =>
      job(...args),
  }),
};
const unspaced = { write: noQueue, notifications: noQueue, global: noQueue } as object;

/**
 * fetch that gives up, and that fails where the body breaks off or is none of GitHub's: Octokit has no time-out of its own, and
 * takes what has come of a body for all of it.
 */
function fetchWithin(timeoutMs: number): (url: string, init?: RequestInit) => Promise<Response> {
  return async (url, init = {}) => {
    const signals = [AbortSignal.timeout(timeoutMs), ...(init.signal ? [init.signal] : [])];
    const response = await fetch(url, { ...init, signal: AbortSignal.any(signals) });
    const bytes = await response.arrayBuffer();
    if (response.ok && bytes.byteLength > 0) requireJson(bytes);
    const { status, statusText, headers } = response;
    return new Response(bytes.byteLength === 0 ? null : bytes, { status, statusText, headers });
  };
}

function requireJson(bytes: ArrayBuffer): void {
  try {
    JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    const error = new Error("the reply is no JSON", { cause });
    error.name = garbledReply;
    throw error;
  }
}
