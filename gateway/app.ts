import { Elysia } from "elysia";
import { RequestError } from "./core/errors.ts";
import type { RoutingTable } from "./core/route.ts";
import type { Answer, Call } from "./predict.ts";
import type { ReadAlert } from "./react/alerts.ts";
import { alertRoutes } from "./routes/alerts.ts";
import { healthRoutes } from "./routes/health.ts";
import { inferenceProtocolRoutes } from "./routes/inference-protocol.ts";
import { predictRoutes } from "./routes/predict.ts";
import { createReplies } from "./routes/replies.ts";

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

/** The HTTP server of a gateway, not listening yet. Errors become replies here and nowhere else. */
export function createApp(gateway: Gateway, version: string) {
  const replies = createReplies(gateway);
  // The routes have limits of their own, and say what theirs is.
  const app = new Elysia({ serve: { maxRequestBodySize: Number.MAX_SAFE_INTEGER } })
    .onError(({ error, code, set, path, request }) => {
      const allowed = code === "NOT_FOUND" ? methodsAt(app.routes, path) : [];
      const failure = toRequestError(error, code, request.method, allowed);
      if (failure.status >= 500 && !(error instanceof RequestError)) gateway.onError(error);
      set.status = failure.status;
      if (failure.status === 405) set.headers["allow"] = allowed.join(", ");
      replies.count(request, failure.status);
      return { error: failure.message, code: failure.code };
    })
    .onAfterHandle(({ request, set }) => {
      replies.count(request, typeof set.status === "number" ? set.status : 200);
    })
    .use(predictRoutes(gateway, replies))
    .use(inferenceProtocolRoutes(gateway, replies, version))
    .use(healthRoutes(gateway))
    .use(alertRoutes(gateway));
  return app;
}

/** A fixed message for what is not the caller's: a cause is an oracle about the inside. */
function toRequestError(error: unknown, code: unknown, method: string, allowed: readonly string[]): RequestError {
  if (error instanceof RequestError) return error;
  if (allowed.length > 0) {
    return new RequestError(405, "method-not-allowed", `use ${allowed.join(" or ")}, not ${method}`);
  }
  if (code === "NOT_FOUND") return new RequestError(404, "not-found", "there is nothing at this address");
  return new RequestError(500, "internal", "the gateway failed; its log says why");
}

/** What an address that is known answers to. */
function methodsAt(routes: readonly { readonly method: string; readonly path: string }[], path: string): string[] {
  const parts = path.replace(/\/$/, "").split("/");
  const matches = (route: string): boolean => {
    const pattern = route.replace(/\/$/, "").split("/");
    return pattern.length === parts.length && pattern.every((part, at) => part.startsWith(":") || part === parts[at]);
  };
  return [...new Set(routes.filter((route) => matches(route.path)).map((route) => route.method))];
}
