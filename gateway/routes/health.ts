import { Elysia } from "elysia";
import type { Gateway } from "./port.ts";

/** `/health`, `/health/live`, `/health/ready`, `/status`, `/metrics`, `/reload`: what operators and probes ask. */
export function healthRoutes(gateway: Gateway) {
  return new Elysia()
    .get("/health", ({ set }) => {
      const routes = [...gateway.table().models.values()];
      const { isReady, status, problems } = gateway.health();
      const [only] = routes.length === 1 ? routes : [];
      if (!isReady) set.status = 503;
      return {
        status,
        ...(status === "degraded" ? { problems } : {}),
        model_name: only?.model ?? null,
        model_version: only?.stable ? String(only.stable.version) : null,
        model_loaded: routes.length > 0 && routes.every((route) => route.stable !== null),
      };
    })
    .get("/health/live", () => ({ live: true }))
    .get("/health/ready", ({ set }) => {
      const { isReady } = gateway.health();
      if (!isReady) set.status = 503;
      return { ready: isReady };
    })
    .get("/status", () => gateway.status())
    .get("/metrics", async ({ set }) => {
      const { body, contentType } = await gateway.scrape();
      set.headers["content-type"] = contentType;
      return body;
    })
    .post(
      "/reload",
      async () => {
        await gateway.reload();
        const { revision, problems } = gateway.table();
        return { revision, problems };
      },
      { parse: "none" },
    );
}
