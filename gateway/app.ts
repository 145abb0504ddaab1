import { Elysia } from "elysia";
import { RequestError } from "./core/errors.ts";
import type { RoutingTable } from "./core/route.ts";
import type { Answer, Call } from "./predict.ts";
import type { ReadAlert } from "./react/alerts.ts";
import { alertRoutes } from "./routes/alerts.ts";
import { defaultMaxBodyBytes } from "./routes/body.ts";
import { healthRoutes } from "./routes/health.ts";
import { inferenceProtocolRoutes } from "./routes/inference-protocol.ts";
import { predictRoutes } from "./routes/predict.ts";

/** What became of one alert of a webhook. */
export interface AlertResult {
  readonly fingerprint: string | null;
  readonly model: string | null;
  readonly version: number | null;
  /** `not-stored`: decided, but not durable yet; Alertmanager is to send again. */
  readonly decision: "cut" | "ignored" | "told" | "malformed" | "not-stored";
  readonly code: string;
  readonly reason: string;
  /** Commit on the base branch, where it is there already. */
  readonly commit: string | null;
}

/** What the routes need. Handed in by main.ts, or by a test. */
export interface Gateway {
  table(): RoutingTable;
  isReady(): boolean;
  predict<Reply>(call: Call<Reply>): Promise<Answer<Reply>>;
  /** Decides on each alert; waits at most 2 s for the commits. */
  alerts(alerts: readonly ReadAlert[]): Promise<readonly AlertResult[]>;
  readonly alertsToken: string | null;
  status(): object;
  scrape(): Promise<{ readonly body: string; readonly contentType: string }>;
  reload(): Promise<void>;
  maxBodyBytes(): number;
  /** What the client got, for the metrics. */
  onReply(model: string, code: number): void;
  /** A bug or an outside failure, for the log; the client gets a fixed message. */
  onError(error: unknown): void;
}

/** Largest body that Bun reads before any route sees it. */
const hardMaxBodyBytes = 8 * defaultMaxBodyBytes;

/** The HTTP server of a gateway, not listening yet. Errors become replies here and nowhere else. */
export function createApp(gateway: Gateway, version: string) {
  return new Elysia({ serve: { maxRequestBodySize: hardMaxBodyBytes } })
    .onError(({ error, code, set, path }) => {
      const failure = toRequestError(error, code);
      if (failure.status >= 500 && !(error instanceof RequestError)) gateway.onError(error);
      set.status = failure.status;
      if (isPrediction(path)) gateway.onReply(modelOf(gateway, path), failure.status);
      return { error: failure.message, code: failure.code };
    })
    .onAfterHandle(({ path, set }) => {
      if (isPrediction(path))
        gateway.onReply(modelOf(gateway, path), typeof set.status === "number" ? set.status : 200);
    })
    .use(predictRoutes(gateway))
    .use(inferenceProtocolRoutes(gateway, version))
    .use(healthRoutes(gateway))
    .use(alertRoutes(gateway));
}

/** A fixed message for what is not the caller's: a cause is an oracle about the inside. */
function toRequestError(error: unknown, code: unknown): RequestError {
  if (error instanceof RequestError) return error;
  if (code === "NOT_FOUND") return new RequestError(404, "not-found", "there is nothing at this address");
  return new RequestError(500, "internal", "the gateway failed; its log says why");
}

function isPrediction(path: string): boolean {
  return path === "/predict" || path.endsWith("/infer");
}

/** The model in the path, where it is one that is served: labels must not grow with what people send. */
function modelOf(gateway: Gateway, path: string): string {
  const { models } = gateway.table();
  const named = /^\/v2\/models\/([^/]+)\//.exec(path)?.[1];
  if (named !== undefined) return models.has(named) ? named : "";
  const [only] = models.keys();
  return models.size === 1 && only !== undefined ? only : "";
}
