import { RequestError } from "../core/errors.ts";
import type { Route } from "../core/route.ts";
import type { LoadedModel } from "../core/ports.ts";
import type { Gateway } from "./port.ts";

/** The route of a model that a path names. Throws a RequestError: 404, or 503 where it should be served and cannot be. */
export function routeOf(gateway: Pick<Gateway, "table">, model: string): Route {
  const { models, unserved } = gateway.table();
  const route = models.get(model);
  if (route !== undefined) return route;
  const name = model.slice(0, 64);
  if (!unserved.has(model)) throw new RequestError(404, "model-unknown", `there is no model "${name}"`);
  throw new RequestError(503, "model-not-ready", `${name} cannot be served now; GET /status says why`);
}

export function versionNumber(text: string): number {
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new RequestError(
    404,
    "version-unknown",
    `"${text.slice(0, 32)}" is no version; versions are whole numbers from 1`,
  );
}

/** The version that is named, else stable. Throws a RequestError where it does not answer. */
export function loadedVersion(route: Route, named: string | undefined): LoadedModel {
  const version = named === undefined ? route.stable?.version : versionNumber(named);
  const reason = version === undefined ? undefined : route.closed.get(version);
  if (reason !== undefined) throw new RequestError(404, "version-closed", reason);
  const target = version === undefined ? undefined : route.loaded.get(version);
  if (target === undefined) {
    throw new RequestError(404, "version-unknown", `version ${version ?? "?"} of ${route.model} is not served`);
  }
  return target;
}

/** Whether a version answers; without a name, stable. */
export function isReady(route: Route, named?: string): boolean {
  if (named === undefined) return route.stable !== null && route.loaded.has(route.stable.version);
  const version = versionNumber(named);
  return route.loaded.has(version) && !route.closed.has(version);
}
