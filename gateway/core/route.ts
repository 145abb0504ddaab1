import type { ModelDeployment } from "../../schemas/model-deployment.ts";
import type { ModelVersion } from "../../schemas/model-version.ts";
import type { Environment } from "../../schemas/environment.ts";
import type { Problem } from "../../schemas/problem.ts";
import type { Objectives } from "../../schemas/defaults.ts";
import type { LoadedModel } from "./ports.ts";

/** A version in a phase. The attempt is null where an earlier version has taken over as stable. */
export interface Target {
  readonly version: number;
  readonly attempt: number | null;
}

/** How requests for one model travel. Immutable; replaced whole. */
export interface Route {
  readonly model: string;
  readonly deployment: ModelDeployment;
  readonly slo: Objectives;
  readonly timeoutMs: number;
  /** null: nothing can be served. */
  readonly stable: Target | null;
  readonly canary: (Target & { readonly weight: number }) | null;
  /** Header whose value chooses the version, or null. */
  readonly stickyHeader: string | null;
  /** Loaded versions: the served set, as far as it could be loaded. */
  readonly loaded: ReadonlyMap<number, LoadedModel>;
  /** Versions that there is no room for in the memory for models. */
  readonly unloaded: ReadonlySet<number>;
  /** Documents of the versions that are to be served, loaded or not. */
  readonly documents: ReadonlyMap<number, ModelVersion>;
  /** Versions that are rejected or cut, with the reason that a caller is told. */
  readonly closed: ReadonlyMap<number, string>;
}

/** Everything the gateway routes by. Immutable; replaced whole. */
export interface RoutingTable {
  readonly revision: string;
  readonly environment: string;
  readonly policy: Environment | null;
  readonly models: ReadonlyMap<string, Route>;
  /** Models that the source has a document of, readable or not, and that nothing can be served of now. */
  readonly unserved: ReadonlySet<string>;
  /** What is wrong with the newest state, while the last good one is served. */
  readonly problems: readonly Problem[];
}

/** Whether the table has the model, and a version of it (null: any): served, waiting to be, or taken out. */
export function isKnown({ models }: RoutingTable, model: string, version: number | null): boolean {
  const route = models.get(model);
  if (route === undefined || version === null) return route !== undefined;
  return [route.documents, route.loaded, route.closed].some((versions) => versions.has(version));
}
