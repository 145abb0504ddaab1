import type { BunRequest } from "bun";
import { Elysia } from "elysia";
import { RequestError } from "./core/errors.ts";
import { alertRoutes } from "./routes/alerts.ts";
import { healthRoutes } from "./routes/health.ts";
import { inferRoutes, inferenceProtocolRoutes } from "./routes/inference-protocol.ts";
import type { Gateway } from "./routes/port.ts";
import { predictRoutes } from "./routes/predict.ts";
import { answering, type Answering } from "./routes/prediction.ts";

/**
 * The HTTP server of a gateway, not listening yet. Errors become replies here and nowhere else. Predictions are answered by
 * Bun's own router before the framework sees them, which is what most of a gateway's time would go to; the framework has the
 * same routes for everything that it dispatches itself.
 */
export function createApp(gateway: Gateway, version: string) {
  const fail = (error: unknown, code?: unknown, method?: string, allowed: readonly string[] = []): Response => {
    const failure = toRequestError(error, code, method ?? "", allowed);
    if (failure.status >= 500 && !(error instanceof RequestError)) gateway.onError(error);
    const headers = failure.status === 405 ? { allow: allowed.join(", ") } : {};
    return Response.json({ error: failure.message, code: failure.code }, { status: failure.status, headers });
  };
  const deps = { fail, table: () => gateway.table(), onReply: gateway.onReply };
  const predictions = Object.entries({ ...predictRoutes(gateway), ...inferRoutes(gateway) }).map(
    ([path, route]) => [path, answering(route, deps)] as const,
  );
  // The routes have limits of their own, and say what theirs is.
  const serve = { maxRequestBodySize: Number.MAX_SAFE_INTEGER, development: false, routes: inBun(predictions) };
  const app = new Elysia({ serve })
    .onError(({ error, code, path, request }) => {
      const allowed = code === "NOT_FOUND" ? methodsAt(app.routes, path) : [];
      return fail(error, code, request.method, allowed);
    })
    .use(inferenceProtocolRoutes(gateway, version))
    .use(healthRoutes(gateway))
    .use(alertRoutes(gateway));
  for (const [path, answer] of predictions) {
    app.post(path, ({ request, params }) => answer(request, params), { parse: "none" });
  }
  return app;
}

/** As routes of `Bun.serve`; what they do not take, another method say, goes to the framework. */
function inBun(predictions: readonly (readonly [string, Answering])[]) {
  return Object.fromEntries(
    predictions.map(([path, answer]) => [
      path,
      { POST: (request: BunRequest): Promise<Response> => answer(request, request.params) },
    ]),
  );
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
