import type { Phase } from "../../schemas/model-deployment.ts";
import { servedSet } from "../../schemas/effective.ts";
import type { LoadedModel } from "./ports.ts";
import type { Route } from "./route.ts";

/** A version that takes the request. `explicit`: the caller named it, so it says nothing about the rollout. */
export interface Chosen {
  readonly kind: "chosen";
  readonly version: number;
  readonly phase: Phase | "explicit";
  /** null where the document names no rollout of that version. */
  readonly attempt: number | null;
  readonly model: LoadedModel;
}

/** No version takes the request. `message` is for the caller. */
export interface NotChosen {
  readonly kind: "none";
  readonly status: 404 | 503;
  readonly code: "version-unknown" | "version-closed" | "version-not-loaded" | "version-unloaded" | "nothing-to-serve";
  readonly message: string;
}

export interface VersionRequest {
  /** The version that the caller named. */
  readonly explicit: number | null;
  /** Value of the route's sticky header. */
  readonly sticky: string | null;
}

/**
 * Explicit version before sticky hash before weighted random. `random` is uniform in [0, 1). A weight of 0 never goes to
 * the canary, one of 100 always does, and a sticky caller who is in a canary stays in it when its weight grows.
 */
export function chooseVersion(route: Route, request: VersionRequest, random: number): Chosen | NotChosen {
  if (request.explicit !== null) return chooseExplicit(route, request.explicit);
  const { stable, canary } = route;
  if (stable === null) {
    const message = `no version of ${route.model} can be served: each is rejected, or could not be loaded (GET /status says which)`;
    return { kind: "none", status: 503, code: "nothing-to-serve", message };
  }
  if (canary !== null) {
    const sticky = request.sticky === null || request.sticky === "" ? null : request.sticky;
    const position = sticky === null ? random : stickyPosition(route.model, canary.version, sticky);
    const model = route.loaded.get(canary.version);
    if (position * 100 < canary.weight && model !== undefined) {
      return { kind: "chosen", version: canary.version, phase: "canary", attempt: canary.attempt, model };
    }
  }
  const model = route.loaded.get(stable.version);
  if (model === undefined) return notLoaded(route, stable.version);
  return { kind: "chosen", version: stable.version, phase: "stable", attempt: stable.attempt, model };
}

/**
 * Where a sticky value stands in [0, 1) for one canary: FNV-1a over UTF-16 code units, finished as MurmurHash3 does so
 * that neighbouring values spread. Salted by model and version, so that it is not the same people every time.
 */
export function stickyPosition(model: string, version: number, value: string): number {
  let hash = fnv1a(fnv1a(0x811c9dc5, `${model}\0${version}\0`), value);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

function fnv1a(start: number, text: string): number {
  let hash = start;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193);
    if (unit > 0xff) hash = Math.imul(hash ^ (unit >>> 8), 0x01000193);
  }
  return hash;
}

function chooseExplicit(route: Route, version: number): Chosen | NotChosen {
  const reason = route.closed.get(version);
  if (reason !== undefined) return { kind: "none", status: 404, code: "version-closed", message: reason };
  const model = route.loaded.get(version);
  if (model !== undefined) {
    const target = [route.stable, route.canary].find((candidate) => candidate?.version === version);
    return { kind: "chosen", version, phase: "explicit", attempt: target?.attempt ?? null, model };
  }
  if (route.unloaded.has(version)) {
    const message = `there is no room for version ${version} of ${route.model} in the memory for models (modelMemoryMib)`;
    return { kind: "none", status: 503, code: "version-unloaded", message };
  }
  if (servedSet(route.deployment).includes(version)) return notLoaded(route, version);
  const served = [...route.loaded.keys()].filter((loaded) => !route.closed.has(loaded)).toSorted((a, b) => a - b);
  const message = `version ${version} of ${route.model} is not served; served: ${served.join(", ") || "none"}`;
  return { kind: "none", status: 404, code: "version-unknown", message };
}

function notLoaded(route: Route, version: number): NotChosen {
  const message = `version ${version} of ${route.model} is not loaded now; try again, GET /status says why`;
  return { kind: "none", status: 503, code: "version-not-loaded", message };
}
