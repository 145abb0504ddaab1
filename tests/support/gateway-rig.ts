/** A gateway in this process over a temporary tree: real ONNX Runtime, real SQLite, the real routes. */
import { decide } from "../../cli/gitops/core/decide.ts";
import { createApp } from "../../gateway/app.ts";
import { openCutStore } from "../../gateway/edges/cut-store.ts";
import { createMetrics } from "../../gateway/edges/metrics.ts";
import { listenGrpc, type GrpcServer } from "../../gateway/edges/grpc/server.ts";
import { createOnnxRuntime } from "../../gateway/edges/onnx/runtime.ts";
import { readArtifact } from "../../gateway/edges/source/artifact.ts";
import { directorySource } from "../../gateway/edges/source/directory.ts";
import { createGateway } from "../../gateway/gateway.ts";
import { createGrpcApp } from "../../gateway/grpc-app.ts";
import { systemClock } from "../../gateway/log.ts";
import type { GatewayDeps } from "../../gateway/parts.ts";
import { breakable, type BreakableStore } from "./broken-store.ts";
import { temporaryFolder } from "./folder.ts";

export const alertsToken = "alerts-token-0123456789";

type App = ReturnType<typeof createApp>;

/** What a test sees of a reply. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; fails where it is none. */
  json(): Record<string, unknown>;
}

export interface GatewayRig extends AsyncDisposable {
  readonly app: App;
  readonly store: BreakableStore;
  readonly root: string;
  /** Writes a file of the tree; `reload` makes the gateway see it. */
  put(path: string, content: string | Uint8Array): void;
  reload(): Promise<void>;
  send: Send;
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Reply>;
  get(path: string): Promise<Reply>;
  /** The same over a real socket, which closes with the rig. */
  listen(): Send;
  /** Serves gRPC as well; resolves with its port. It closes with the rig. */
  listenGrpc(): Promise<number>;
  /** Values of one metric by its labels, such as `{model="fraud"}`. */
  metric(name: string): Promise<Readonly<Record<string, number>>>;
  /** What went to the log. */
  readonly logged: { readonly level: string; readonly message: string; readonly details?: unknown }[];
}

export type Send = (path: string, init?: RequestInit) => Promise<Reply>;

export async function startRig(
  files: Readonly<Record<string, string | Uint8Array>>,
  given: Partial<GatewayDeps> = {},
): Promise<GatewayRig> {
  const folder = temporaryFolder(files);
  const store = breakable(openCutStore(":memory:", "dev"));
  const logged: GatewayRig["logged"] = [];
  const running = createGateway({
    environment: "dev",
    source: directorySource(folder.path, { pollMs: 3_600_000 }),
    runtime: createOnnxRuntime(),
    readArtifact,
    store,
    metrics: createMetrics(),
    alertsToken,
    decide,
    commit: null,
    clock: systemClock,
    random: Math.random,
    log: (level, message, details) => void logged.push({ level, message, details }),
    ...given,
  });
  await running.start();
  const app = createApp(running.gateway, "0.0.0-test");
  let grpc: GrpcServer | undefined;
  const send: Send = async (path, init) =>
    replyOf(await app.handle(new Request(`http://localhost${path}`, asJson(init))));
  return {
    app,
    store,
    root: folder.path,
    logged,
    put: (path, content) => void folder.put(path, content),
    reload: () => running.gateway.reload(),
    send,
    post: (path, body, headers = {}) => send(path, { method: "POST", body: JSON.stringify(body), headers }),
    get: (path) => send(path),
    listen() {
      const { port } = app.listen({ hostname: "127.0.0.1", port: 0 }).server ?? {};
      return async (path, init) => replyOf(await fetch(`http://127.0.0.1:${port}${path}`, asJson(init)));
    },
    async listenGrpc() {
      const answer = createGrpcApp(running.gateway, "0.0.0-test");
      grpc ??= await listenGrpc({ hostname: "127.0.0.1", port: 0, answer });
      return grpc.port;
    },
    metric: async (name) => samplesOf((await running.gateway.scrape()).body, name),
    async [Symbol.asyncDispose]() {
      store.broken = false;
      await app.server?.stop(true);
      await grpc?.stop();
      await running.stop();
      folder[Symbol.dispose]();
    },
  };
}

/** Text goes as JSON unless said otherwise: by itself it would go as text/plain. */
function asJson(init: RequestInit = {}): RequestInit {
  if (typeof init.body !== "string") return init;
  const headers = new Headers(init.headers);
  if (!headers.has("content-type")) headers.set("content-type", "application/json");
  return { ...init, headers };
}

export async function replyOf(response: Response): Promise<Reply> {
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: () => JSON.parse(text) as Record<string, unknown>,
  };
}

/** Samples of one metric in the exposition format. */
export function samplesOf(exposition: string, name: string): Readonly<Record<string, number>> {
  const lines = exposition.split("\n").filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return Object.fromEntries(
    lines.map((line) => {
      const end = line.lastIndexOf(" ");
      return [line.slice(name.length, end), Number(line.slice(end + 1))];
    }),
  );
}
