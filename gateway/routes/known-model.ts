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

/** What is registered of a version, loaded or not. */
type Described = Pick<LoadedModel, "version" | "signature" | "featureOrder">;

/** What there is to say of the version that is named, else of stable. Throws a RequestError for one that is not to be served. */
export function servedVersion(route: Route, named: string | undefined): Described {
  const version = named === undefined ? route.stable?.version : versionNumber(named);
  if (version === undefined) throw new RequestError(404, "version-unknown", `no version of ${route.model} is served`);
  const reason = route.closed.get(version);
  if (reason !== undefined) throw new RequestError(404, "version-closed", reason);
  const loaded = route.loaded.get(version);
  if (loaded !== undefined) return loaded;
  const document = route.documents.get(version);
  if (document === undefined) {
    throw new RequestError(404, "version-unknown", `version ${version} of ${route.model} is not served`);
  }
  const { signature, featureOrder = null } = document.spec;
  return { version, signature, featureOrder };
}

/** Whether a version answers; without a name, stable. */
export function isReady(route: Route, named?: string): boolean {
  const version = named === undefined ? route.stable?.version : versionNumber(named);
  const loaded = version === undefined ? undefined : route.loaded.get(version);
  if (loaded === undefined || (named !== undefined && route.closed.has(loaded.version))) return false;
  return (loaded.broken?.() ?? null) === null;
}
