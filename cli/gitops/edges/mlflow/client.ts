import { boundedText } from "../bounded-text.ts";
import { faultOf, isAbsent, isPassing, isRefusal, notMlflow, raise, unreachable } from "./faults.ts";
import type { MlflowSettings } from "./settings.ts";

/** A call of the REST API. */
export interface Call {
  /** For messages: `reading models:/fraud/3`. */
  readonly what: string;
  readonly method?: "GET" | "POST" | "DELETE";
  /** Below the server's address: `/api/2.0/mlflow/runs/get`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, unknown>>;
}

export interface MlflowClient {
  readonly settings: MlflowSettings;
  /** The JSON of the reply. */
  json(call: Call): Promise<unknown>;
  /** The same; null where the server says that there is no such thing. */
  find(call: Call): Promise<unknown>;
  /** A file; its body is read by the caller, who aborts `signal` when it stalls. */
  open(call: Call, signal: AbortSignal): Promise<Response>;
}

export interface ClientOptions {
  readonly userAgent: string;
  /** Of a call that answers JSON, default 30 s. */
  readonly timeoutMs?: number;
  /** Waits before a call is made again, in milliseconds. All calls are idempotent. */
  readonly waitsMs?: readonly number[];
}

/** Calls of MLflow's REST API. What is thrown is for people: a ProblemError or an OutsideError without secrets. */
export function createMlflowClient(settings: MlflowSettings, options: ClientOptions): MlflowClient {
  const { timeoutMs = 30_000 } = options;

  async function reply(call: Call): Promise<{ readonly response: Response; readonly text: string }> {
    const response = await patiently(settings, options, call, () => AbortSignal.timeout(timeoutMs));
    try {
      return { response, text: await boundedText(response) };
    } catch (error) {
      throw unreachable(call.what, settings, error);
    }
  }

  function parse(call: Call, text: string): unknown {
    try {
      return JSON.parse(text);
    } catch {
      return notMlflow(`${call.what}: ${new URL(settings.url).host} answers, but not as MLflow does`);
    }
  }

  return {
    settings,
    async find(call) {
      const { response, text } = await reply(call);
      if (response.ok) return parse(call, text);
      const fault = faultOf(response.status, text);
      return isAbsent(fault) ? null : raise(fault, call.what, settings);
    },
    async json(call) {
      const { response, text } = await reply(call);
      return response.ok ? parse(call, text) : raise(faultOf(response.status, text), call.what, settings);
    },
    async open(call, signal) {
      const response = await patiently(settings, options, call, () => signal);
      return response.ok ? response : raise(faultOf(response.status, await boundedText(response)), call.what, settings);
    },
  };
}

/** Again where the server is away or busy for a moment; the last answer counts. */
async function patiently(
  settings: MlflowSettings,
  { userAgent, waitsMs = [300, 1000] }: ClientOptions,
  call: Call,
  signal: () => AbortSignal,
): Promise<Response> {
  for (const wait of waitsMs) {
    try {
      const response = await attempt(settings, userAgent, call, signal());
      if (!isPassing(response.status)) return response;
      // It has said that it never will.
      if (isRefusal(await response.clone().text())) return response;
    } catch (error) {
      if (error instanceof Error && isTimeOut(error.cause)) throw error;
    }
    await Bun.sleep(wait);
  }
  return attempt(settings, userAgent, call, signal());
}

async function attempt(
  settings: MlflowSettings,
  userAgent: string,
  call: Call,
  signal: AbortSignal,
): Promise<Response> {
  const { method = "GET", path, query = {}, body } = call;
  const search = Object.keys(query).length === 0 ? "" : `?${new URLSearchParams(query).toString()}`;
  const headers = {
    accept: "*/*",
    "user-agent": userAgent,
    ...(settings.authorization === null ? {} : { authorization: settings.authorization }),
    ...(body === undefined ? {} : { "content-type": "application/json" }),
  };
  // Followed, a redirect would take the credentials along, or end at a login page.
  const init = { method, headers, redirect: "manual", signal } as const;
  const payload = body === undefined ? {} : { body: JSON.stringify(body) };
  try {
    return await fetch(`${settings.url}${path}${search}`, { ...init, ...payload });
  } catch (error) {
    throw unreachable(call.what, settings, error);
  }
}

function isTimeOut(cause: unknown): boolean {
  return cause instanceof Error && (cause.name === "TimeoutError" || cause.name === "AbortError");
}
