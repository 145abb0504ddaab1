import { createPool } from "../../../cli/loadgen/pool.ts";
import type { Row, RowSource } from "../../../cli/loadgen/row.ts";
import { ProblemError } from "../../../schemas/problem.ts";

/** What a scripted gateway is asked. */
export interface Asked {
  /** Number of the request as it arrived, from 0. */
  readonly n: number;
  readonly path: string;
  readonly headers: Headers;
  readonly body: { readonly model?: string; readonly features: Record<string, number> };
  readonly signal: AbortSignal;
}

export interface ScriptedGateway extends AsyncDisposable {
  readonly url: string;
  readonly asked: Asked[];
  /** Requests that have not been answered yet. */
  open(): number;
}

/** A real HTTP server on a free port that answers predictions from a script. */
export function startGateway(script: (asked: Asked) => Response | Promise<Response>): ScriptedGateway {
  const asked: Asked[] = [];
  let open = 0;
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const body = (await request.json()) as Asked["body"];
      const { pathname } = new URL(request.url);
      const one = { n: asked.length, path: pathname, headers: request.headers, body, signal: request.signal };
      asked.push(one);
      open++;
      try {
        return await script(one);
      } finally {
        open--;
      }
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    asked,
    open: () => open,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

/** A prediction as the gateway words it. */
export function predicted(version: number, prediction: number, headers: Record<string, string> = {}): Response {
  const body = { predictions: [prediction], model_name: "m", model_version: String(version), latency_ms: 0.1 };
  return Response.json(body, { headers });
}

/** Rows from memory; they come round again. */
export function rowsOf(rows: readonly Row[]): RowSource {
  const pool = createPool();
  for (const row of rows) pool.add(row);
  return {
    description: "a test",
    next: () => pool.next()!,
    received: () => pool.received(),
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** The code and text of the problem that a call stops with. */
export async function problemOf(call: () => unknown): Promise<{ code: string; text: string }> {
  try {
    await call();
  } catch (error) {
    if (error instanceof ProblemError) return { code: error.problems[0]!.code, text: error.message };
    throw error;
  }
  throw new Error("no problem was reported");
}
