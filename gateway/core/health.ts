import type { Problem } from "../../schemas/problem.ts";
import { paths } from "../../schemas/tree.ts";
import type { RoutingTable } from "./route.ts";

/** What probes are told. */
export interface Health {
  readonly isReady: boolean;
  /** `starting`: not everything was tried yet. `degraded`: the newest state is not served whole. `stopping`: go elsewhere. */
  readonly status: "starting" | "ok" | "degraded" | "stopping";
  /** Of the newest state, and of versions that have broken since they were loaded. */
  readonly problems: number;
}

/**
 * Ready: the source was read, all that it asks for was tried once, and a model is served unless none is asked for. One that
 * cannot be served takes the others' traffic away from nobody. `untried`: models of which not all versions that are missing
 * have been tried once.
 */
export function healthOf(table: RoutingTable, untried: number): Health {
  const { revision, models, unserved } = table;
  const problems = table.problems.length + brokenVersions(table).length;
  const hasTried = revision !== "" && untried === 0;
  const isServed = [...models.keys()].some((model) => !unserved.has(model));
  const isReady = hasTried && (unserved.size === 0 || isServed);
  const status = hasTried ? (isReady && problems === 0 ? "ok" : "degraded") : "starting";
  return { isReady, status, problems };
}

/** What is wrong with versions that were loaded and fail every request for now. */
export function brokenVersions({ models }: RoutingTable): readonly Problem[] {
  return [...models.values()].flatMap(({ model, loaded }) =>
    [...loaded.values()].flatMap(({ version, broken }) => {
      const why = broken?.() ?? null;
      return why === null ? [] : [problemOf(model, version, why)];
    }),
  );
}

function problemOf(model: string, version: number, why: string): Problem {
  return {
    code: "model-broken",
    file: paths.version(model, version),
    message: `version ${version} of ${model} answers nothing now: ${why}`,
    hint: "it is tried again by itself; where it calculates without an end on some inputs, serve another version",
  };
}
