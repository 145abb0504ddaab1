import { Elysia } from "elysia";
import type { Gateway } from "./port.ts";

/** What operators and probes ask: health by the names that they use, `/status`, `/metrics`, `/reload`. */
export function healthRoutes(gateway: Gateway) {
  const live = () => ({ live: true, uptime_seconds: gateway.uptimeSeconds() });
  const ready = ({ set }: { set: { status?: number | string } }) => {
    const { isReady } = gateway.health();
    if (!isReady) set.status = 503;
    return { ready: isReady, uptime_seconds: gateway.uptimeSeconds() };
  };
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
        uptime_seconds: gateway.uptimeSeconds(),
      };
    })
    .get("/health/live", live)
    .get("/healthz", live)
    .get("/health/ready", ready)
    .get("/ready", ready)
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
