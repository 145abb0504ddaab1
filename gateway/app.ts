import { Elysia } from "elysia";
import { errorReply, MethodError, RequestError } from "./core/errors.ts";
import { alertRoutes } from "./routes/alerts.ts";
import { requestIdOf } from "./routes/answer.ts";
import { healthRoutes } from "./routes/health.ts";
import { inferenceProtocolRoutes } from "./routes/inference-protocol.ts";
import { kserveV1Routes } from "./routes/kserve-v1.ts";
import { openApiRoutes } from "./routes/openapi.ts";
import type { Gateway } from "./routes/port.ts";
import { predictRoutes } from "./routes/predict.ts";
import { protocolExtensionRoutes } from "./routes/protocol-extensions.ts";
import { createReplies } from "./routes/replies.ts";

/** The HTTP server of a gateway, not listening yet. Errors become replies here and nowhere else. */
export function createApp(gateway: Gateway, version: string) {
  const replies = createReplies(gateway);
  // The routes have limits of their own, and say what theirs is.
  const app = new Elysia({ serve: { maxRequestBodySize: Number.MAX_SAFE_INTEGER } })
    .onError(({ error, code, set, path, request }) => {
      const allowed = code === "NOT_FOUND" ? methodsAt(app.routes, path) : [];
      const failure = toRequestError(error, code, request.method, allowed);
      const requestId = requestIdOf(request);
      if (failure.status >= 500 && !(error instanceof RequestError)) gateway.onError(error, requestId);
      const { status, headers, body } = errorReply(path, failure);
      set.status = status;
      Object.assign(set.headers, headers);
      set.headers["x-mmsp-request-id"] = requestId;
      set.headers["x-mmsp-revision"] = gateway.table().revision;
      replies.count(request, status);
      return body;
    })
    .onAfterHandle(({ request, set }) => {
      replies.count(request, typeof set.status === "number" ? set.status : 200);
    })
    .use(predictRoutes(gateway, replies))
    .use(kserveV1Routes(gateway, replies))
    .use(inferenceProtocolRoutes(gateway, replies, version))
    .use(protocolExtensionRoutes(gateway))
    .use(healthRoutes(gateway))
    .use(alertRoutes(gateway))
    .use(openApiRoutes(version));
  return app;
}

/** A fixed message for what is not the caller's: a cause is an oracle about the inside. */
function toRequestError(error: unknown, code: unknown, method: string, allowed: readonly string[]): RequestError {
  if (error instanceof RequestError) return error;
  if (allowed.length > 0) return new MethodError(method, allowed);
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
