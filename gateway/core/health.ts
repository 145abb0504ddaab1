import type { RoutingTable } from "./route.ts";

/** Models that the source asks for. */
export interface Progress {
  readonly wanted: number;
  /** Those that are not served, and whose versions have not all been tried once. */
  readonly untried: number;
}

/** What probes are told. */
export interface Health {
  readonly isReady: boolean;
  /** `starting`: not everything was tried yet. `degraded`: the newest state is not served whole. */
  readonly status: "starting" | "ok" | "degraded";
  /** Of the newest state. */
  readonly problems: number;
}

/**
 * Ready: the source was read, all that it asks for was tried once, and a model is served unless none is asked for. One that
 * cannot be served takes the others' traffic away from nobody.
 */
export function healthOf({ revision, models, problems }: RoutingTable, { wanted, untried }: Progress): Health {
  const hasTried = revision !== "" && untried === 0;
  const isServed = [...models.values()].some(({ stable, loaded }) => stable !== null && loaded.has(stable.version));
  const isReady = hasTried && (wanted === 0 || isServed);
  const status = hasTried ? (isReady && problems.length === 0 ? "ok" : "degraded") : "starting";
  return { isReady, status, problems: problems.length };
}
