import type { BunRequest } from "bun";
import { Elysia } from "elysia";
import { callerGone, errorReply, MethodError, RequestError } from "./core/errors.ts";
import { alertRoutes } from "./routes/alerts.ts";
import { requestIdOf } from "./routes/answer.ts";
import { healthRoutes } from "./routes/health.ts";
import { inferRoutes, inferenceProtocolRoutes } from "./routes/inference-protocol.ts";
import { kserveV1Routes, predictV1Routes } from "./routes/kserve-v1.ts";
import { openApiRoutes } from "./routes/openapi.ts";
import type { Gateway } from "./routes/port.ts";
import { predictRoutes } from "./routes/predict.ts";
import { protocolExtensionRoutes } from "./routes/protocol-extensions.ts";
import { answering, type Answering } from "./routes/prediction.ts";

/** How long a connection may be silent whose request is not there, or that has none. */
const idleSeconds = 30;

/**
 * The HTTP server of a gateway, not listening yet. Errors become replies here and nowhere else. Predictions are answered by
 * Bun's own router before the framework sees them, which is what most of a gateway's time would go to; the framework has the
 * same routes for everything that it dispatches itself, such as all requests while clients are sent away.
 */
export function createApp(gateway: Gateway, version: string) {
  const fail = (error: unknown, request: Request): Response => failureOf(gateway, error, request);
  const deps = { fail, table: () => gateway.table(), onReply: gateway.onReply };
  const routes = { ...predictRoutes(gateway), ...predictV1Routes(gateway), ...inferRoutes(gateway) };
  const predictions = Object.entries(routes).map(([path, route]) => [path, answering(route, deps)] as const);
  // The routes have limits of their own, and say what theirs is; pages with stacks are for who develops Bun's server.
  const serve = {
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    development: false,
    idleTimeout: idleSeconds,
    routes: inBun(predictions),
  };
  const app = new Elysia({ serve })
    .onError(({ error, code, request }) => {
      if (code !== "NOT_FOUND") return fail(error, request);
      const allowed = methodsAt(app.routes, pathOf(request.url));
      return fail(allowed.length > 0 ? new MethodError(request.method, allowed) : nothingThere(), request);
    })
    .onBeforeHandle(({ params }) => {
      // The framework's for a part that no letters are encoded by, `%E0%A4`, where it matches the path itself.
      if (Object.values<unknown>(params ?? {}).includes(null)) throw nothingThere();
    })
    .use(kserveV1Routes(gateway))
    .use(inferenceProtocolRoutes(gateway, version))
    .use(protocolExtensionRoutes(gateway))
    .use(healthRoutes(gateway))
    .use(alertRoutes(gateway))
    .use(openApiRoutes(version));
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

/** What the client gets for an error, in the shape of the protocol that its path belongs to. */
function failureOf(gateway: Gateway, error: unknown, request: Request): Response {
  const failure = toRequestError(error, request);
  const requestId = requestIdOf(request);
  if (failure.status >= 500 && failure !== error) gateway.onError(error, requestId);
  const { status, headers, body } = errorReply(pathOf(request.url), failure);
  const signed = { "x-mmsp-request-id": requestId, "x-mmsp-revision": gateway.table().revision };
  return Response.json(body, { status, headers: { ...headers, ...signed } });
}

/** A fixed message for what is not the caller's: a cause is an oracle about the inside. */
function toRequestError(error: unknown, request: Request): RequestError {
  if (error instanceof RequestError) return error;
  // Its connection has ended, or what it sent there was no body: Bun has answered that itself.
  if (error instanceof DOMException && error.name === "AbortError" && request.signal.aborted) return callerGone();
  return new RequestError(500, "internal", "the gateway failed; its log says why");
}

function nothingThere(): RequestError {
  return new RequestError(404, "not-found", "there is nothing at this address");
}

/** The framework's own is wrong for hosts of one or two letters; and without a host, the URL is the path alone. */
function pathOf(url: string): string {
  return URL.parse(url, "http://localhost")?.pathname ?? "";
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
