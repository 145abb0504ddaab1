import { standingOfCut, underCuts, type Cut } from "../../schemas/cut.ts";
import type { Environment } from "../../schemas/environment.ts";
import type { ModelDeployment } from "../../schemas/model-deployment.ts";
import type { ModelVersion } from "../../schemas/model-version.ts";
import type { Problem } from "../../schemas/problem.ts";
import type { Project } from "../../schemas/project.ts";
import { effective } from "../../schemas/effective.ts";
import { sloOf } from "../../schemas/defaults.ts";
import type { LoadedModel } from "./ports.ts";
import type { Route, RoutingTable } from "./route.ts";

const defaultTimeoutMs = 10_000;

/**
 * How requests for one model travel: the effective document with the cuts of its environment treated as rejections.
 * Stable is the first of stable and `previous` that is neither closed nor missing in memory; a canary that is not loaded
 * gets no traffic.
 */
export function buildRoute(
  deployment: ModelDeployment,
  environment: Environment | null,
  project: Project | null,
  cuts: readonly Cut[],
  { loaded, unloaded = new Set(), documents = new Map() }: LoadedVersions,
): Route {
  const { spec } = deployment;
  const { stable, canary, previous } = effective(underCuts(deployment, cuts));
  const spare = previous.find((version) => loaded.has(version));
  const missing = stable !== null && !loaded.has(stable.version);
  const target = missing && spare !== undefined ? { version: spare, attempt: null } : stable;
  return {
    model: spec.model,
    deployment,
    slo: sloOf(deployment, environment, project),
    timeoutMs: spec.serving?.timeoutMs ?? environment?.spec.gateway?.timeoutMs ?? defaultTimeoutMs,
    stable: target,
    canary:
      canary === null || canary.version === target?.version || !loaded.has(canary.version)
        ? null
        : { version: canary.version, attempt: canary.attempt, weight: canary.weight },
    stickyHeader: spec.routing?.stickyBy?.replace(/^header:/, "").toLowerCase() ?? null,
    loaded,
    unloaded,
    documents,
    closed: closedVersions(deployment, cuts),
  };
}

/** What is in memory of a model, what has to stay out of it, and what there is to say of both. */
export interface LoadedVersions {
  readonly loaded: ReadonlyMap<number, LoadedModel>;
  readonly unloaded?: ReadonlySet<number>;
  readonly documents?: ReadonlyMap<number, ModelVersion>;
}

/** What a table is made of. Deployments are each model's last good one. */
export interface TableParts {
  readonly revision: string;
  readonly environment: string;
  readonly policy: Environment | null;
  readonly project: Project | null;
  readonly models: ReadonlyMap<string, LoadedVersions & { readonly deployment: ModelDeployment }>;
  /** Models that the source has a document of, readable or not. */
  readonly documented: Iterable<string>;
  /** Open cuts; those of other environments are left out here. */
  readonly cuts: readonly Cut[];
  readonly problems: readonly Problem[];
}

/** The routing table, whole; models by name, whichever was loaded first. */
export function buildTable(parts: TableParts): RoutingTable {
  const { revision, environment, policy, project, problems } = parts;
  const cuts = parts.cuts.filter((cut) => cut.environment === environment);
  const models = new Map<string, Route>();
  const byName = [...parts.models].toSorted(([a], [b]) => (a < b ? -1 : 1));
  for (const [model, { deployment, ...versions }] of byName) {
    models.set(model, buildRoute(deployment, policy, project, cuts, versions));
  }
  const unserved = new Set([...parts.documented].filter((model) => !isServed(models.get(model))));
  return { revision, environment, policy, models, unserved, problems };
}

function isServed(route: Route | undefined): boolean {
  return route !== undefined && route.stable !== null && route.loaded.has(route.stable.version);
}

function closedVersions(deployment: ModelDeployment, cuts: readonly Cut[]): ReadonlyMap<number, string> {
  const { model, rejected = [] } = deployment.spec;
  const closed = new Map<number, string>();
  const say = (entry: Pick<Cut, "version" | "by" | "reason" | "at">, verb: string): void =>
    void closed.set(
      entry.version,
      `version ${entry.version} of ${model} was ${verb} by ${entry.by} at ${entry.at}: ${entry.reason}`,
    );
  for (const entry of rejected) say(entry, "rejected");
  for (const cut of cuts)
    if (cut.model === model && standingOfCut(cut, deployment).kind === "open") say(cut, "taken out");
  return closed;
}
