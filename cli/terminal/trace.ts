/** One HTTP call, without anything that could be secret: no headers, no query, no bodies. */
export interface HttpCall {
  readonly method: string;
  /** Origin and path. */
  readonly url: string;
  /** Of a GraphQL call: the name of the operation, else its first field. */
  readonly operation: string | null;
  /** The answer, or null where there was none. */
  readonly status: number | null;
  /** What there was instead of an answer: `ConnectionRefused`, `TimeoutError`. */
  readonly failure: string | null;
  readonly ms: number;
  /** GitHub's `x-ratelimit-remaining`; null where the reply has none. */
  readonly rateLimitLeft: number | null;
}

/** Told of every HTTP call when it has ended; does nothing without --verbose. */
export type Trace = (call: HttpCall) => void;

/** `POST https://api.github.com/graphql repository: 200 in 123 ms, 4987 left`. */
export function formatCall({ method, url, operation, status, failure, ms, rateLimitLeft }: HttpCall): string {
  const what = operation === null ? url : `${url} ${operation}`;
  const left = rateLimitLeft === null ? "" : `, ${rateLimitLeft} left`;
  return `${method} ${what}: ${status ?? failure ?? "no answer"} in ${Math.round(ms)} ms${left}`;
}

/** The same `fetch`, telling `trace` of each call. `now`: milliseconds. */
export function traceFetch(fetch: typeof globalThis.fetch, trace: Trace, now: () => number): typeof globalThis.fetch {
  const traced = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const url = input instanceof Request ? input.url : String(input);
    const method = init?.method ?? (input instanceof Request ? input.method : "GET");
    const started = now();
    const call = {
      method: method.toUpperCase(),
      url: withoutCredentials(url),
      operation: operationOf(url, init?.body),
    };
    try {
      const response = await fetch(input, init);
      const left = response.headers.get("x-ratelimit-remaining");
      const rateLimitLeft = left !== null && /^\d+$/.test(left) ? Number(left) : null;
      trace({ ...call, status: response.status, failure: null, ms: now() - started, rateLimitLeft });
      return response;
    } catch (error) {
      trace({ ...call, status: null, failure: nameOf(error), ms: now() - started, rateLimitLeft: null });
      throw error;
    }
  };
  return Object.assign(traced, { preconnect: fetch.preconnect });
}

/** Origin and path alone: users and passwords stand before a host, signatures and tokens in queries. */
function withoutCredentials(text: string): string {
  if (!URL.canParse(text)) return "an address that is none";
  const { protocol, host, pathname, search } = new URL(text);
  return `${protocol}//${host}${pathname}${search === "" ? "" : "?..."}`;
}

function operationOf(url: string, body: unknown): string | null {
  if (typeof body !== "string" || !url.endsWith("/graphql")) return null;
  try {
    const { query } = JSON.parse(body) as { query?: unknown };
    const text = String(query);
    const named = /^\s*(?:query|mutation)\s+(\w+)/.exec(text) ?? /\{\s*(?:\w+\s*:\s*)?(\w+)/.exec(text);
    return named?.[1] ?? null;
  } catch {
    return null;
  }
}

/** Its kind only: a message may repeat what was sent. */
function nameOf(error: unknown): string {
  const { code, name } = (typeof error === "object" && error !== null ? error : {}) as Record<string, unknown>;
  const known = [code, name].find((one) => typeof one === "string" && /^\w{3,40}$/.test(one) && one !== "Error");
  return typeof known === "string" ? known : "no answer";
}
