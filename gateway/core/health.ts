import type { RoutingTable } from "./route.ts";

/** What probes are told. */
export interface Health {
  readonly isReady: boolean;
  /** `starting`: not everything was tried yet. `degraded`: the newest state is not served whole. `stopping`: go elsewhere. */
  readonly status: "starting" | "ok" | "degraded" | "stopping";
  /** Of the newest state. */
  readonly problems: number;
}

/**
 * Ready: the source was read, all that it asks for was tried once, and a model is served unless none is asked for. One that
 * cannot be served takes the others' traffic away from nobody. `untried`: models of which not all versions that are missing
 * have been tried once.
 */
export function healthOf({ revision, models, unserved, problems }: RoutingTable, untried: number): Health {
  const hasTried = revision !== "" && untried === 0;
  const isServed = [...models.keys()].some((model) => !unserved.has(model));
  const isReady = hasTried && (unserved.size === 0 || isServed);
  const status = hasTried ? (isReady && problems.length === 0 ? "ok" : "degraded") : "starting";
  return { isReady, status, problems: problems.length };
}
