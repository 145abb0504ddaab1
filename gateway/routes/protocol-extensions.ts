import { Elysia } from "elysia";
import { refuse, RequestError } from "../core/errors.ts";
import { openVersions, repositoryIndex, versionStatistics } from "../core/oip-metadata.ts";
import { readFlag } from "../core/oip-tensors.ts";
import type { Route } from "../core/route.ts";
import { describe, isObject } from "../core/words.ts";
import type { Gateway } from "./port.ts";
import { readOptionalJson } from "./body.ts";
import { servedVersion, routeOf } from "./known-model.ts";

/** Triton's extensions of the inference protocol: the repository's index, and statistics. */
export function protocolExtensionRoutes(gateway: Gateway) {
  return new Elysia({ prefix: "/v2" })
    .post(
      "/repository/index",
      async ({ request }) => {
        const onlyReady = readsOnlyReady(await readOptionalJson(request, gateway.maxBodyBytes()));
        return repositoryIndex(gateway.table(), onlyReady);
      },
      { parse: "none" },
    )
    .post("/repository/models/:model/load", gitOnly, { parse: "none" })
    .post("/repository/models/:model/unload", gitOnly, { parse: "none" })
    .get("/models/stats", () => statisticsOf(gateway, [...gateway.table().models.values()]))
    .get("/models/:model/stats", ({ params }) => statisticsOf(gateway, [routeOf(gateway, params.model)]))
    .get("/models/:model/versions/:version/stats", ({ params }) => {
      const route = routeOf(gateway, params.model);
      const { version } = servedVersion(route, params.version);
      return { model_stats: [versionStatistics(gateway.statistics, route.model, version)] };
    });
}

/** What is loaded is what git says: a caller who could change it would make git wrong. */
function gitOnly(): never {
  const message = "models are loaded and unloaded by commits, not by calls; see `mmsp deploy` and `mmsp rollback`";
  throw new RequestError(403, "git-only", message);
}

function readsOnlyReady(body: unknown): boolean {
  if (body === undefined) return false;
  if (!isObject(body)) return refuse("body-not-object", `the body must be a JSON object, not ${describe(body)}`);
  return readFlag(body, "ready", "") ?? false;
}

function statisticsOf(gateway: Gateway, routes: readonly Route[]) {
  const stats = routes.flatMap((route) =>
    openVersions(route).map((version) => versionStatistics(gateway.statistics, route.model, version)),
  );
  return { model_stats: stats };
}
