import { underCuts, type Cut } from "../../schemas/cut.ts";
import type { Environment } from "../../schemas/environment.ts";
import type { ModelDeployment } from "../../schemas/model-deployment.ts";
import type { Problem } from "../../schemas/problem.ts";
import type { Project } from "../../schemas/project.ts";
import { servedSet } from "../../schemas/effective.ts";
import { paths } from "../../schemas/tree.ts";
import { readWanted } from "../core/following.ts";
import type { LoadedModel, Runtime, Source } from "../core/ports.ts";
import type { RoutingTable } from "../core/route.ts";
import { buildTable } from "../core/table.ts";
import type { ArtifactOptions } from "../edges/source/artifact.ts";
import { loadWanted, problemsOf, type Served } from "./loading.ts";
import { createRetirement } from "./retirement.ts";
import { oneAfterAnother } from "./turns.ts";

/** The models in memory and the table that requests are routed by. */
export interface Fleet {
  /** Immutable: take it once for a request. */
  table(): RoutingTable;
  /** Follows the source: loads what is new, swaps the table whole, then frees what is served no more. Never rejects. */
  refresh(): Promise<RoutingTable>;
  /** Takes the open cuts into the table, at once and without loading. */
  applyCuts(): RoutingTable;
  /**
   * The last good document of a model, without cuts; null where the source has none. Undefined while that is not known: nothing
   * was read yet, or the document is there but has never been good.
   */
  deployment(model: string): ModelDeployment | null | undefined;
  /** Stops following, waits for what runs, frees everything. */
  close(): Promise<void>;
}

export interface FleetOptions {
  readonly source: Source;
  readonly runtime: Runtime;
  readonly environment: string;
  /** Open cuts, of any environment. */
  readonly cuts: () => readonly Cut[];
  /** Called with each new table. */
  readonly onTable?: (table: RoutingTable) => void;
  /**
   * Milliseconds that a version stays in memory after it left the table, for requests that hold the old one. Default: the
   * longest deadline of the old table.
   */
  readonly lingerMs?: number;
  /** Milliseconds until something that failed is tried again by itself; doubled up to 64 times that. Default 5000. */
  readonly retryMs?: number;
  readonly artifacts?: ArtifactOptions;
}

/** The last good state: what the table is built from, with the cuts of the moment. */
interface State {
  readonly revision: string;
  readonly policy: Environment | null;
  readonly project: Project | null;
  readonly served: ReadonlyMap<string, Served>;
  /** Files of the source, readable or not. */
  readonly paths: ReadonlySet<string>;
  readonly problems: readonly Problem[];
  /** Why the source could not be read just now. */
  readonly sourceProblems: readonly Problem[];
  /** Something may go better the next time. */
  readonly unsettled: boolean;
}

const nothing: State = {
  revision: "",
  policy: null,
  project: null,
  served: new Map(),
  paths: new Set(),
  problems: [],
  sourceProblems: [],
  unsettled: false,
};

/** Follows the source from the first `refresh` on, and whenever the source says that it changed. */
export function createFleet(options: FleetOptions): Fleet {
  const { source, environment, cuts, onTable, retryMs = 5000 } = options;
  let state = nothing;
  let table = tableOf(state, environment, cuts());
  let failures = 0;
  let retry: ReturnType<typeof setTimeout> | undefined;
  const retired = createRetirement();

  function publish(): void {
    table = tableOf(state, environment, cuts());
    onTable?.(table);
  }

  const turns = oneAfterAnother(async () => {
    const next = await nextState(options, state);
    const kept = new Set(modelsOf(next));
    const gone = modelsOf(state).filter((model) => !kept.has(model));
    const lingerMs = options.lingerMs ?? Math.max(0, ...[...table.models.values()].map(({ timeoutMs }) => timeoutMs));
    state = next;
    publish();
    retired.add(gone, lingerMs);
    clearTimeout(retry);
    failures = next.unsettled ? failures + 1 : 0;
    if (next.unsettled) retry = setTimeout(() => void turns.take(), retryMs * 2 ** Math.min(failures - 1, 6));
  });
  const refresh = (): Promise<RoutingTable> => turns.take().then(() => table);
  const stopWatching = source.watch(() => void refresh());

  return {
    table: () => table,
    refresh,
    applyCuts() {
      publish();
      // A cut may have named the next to fall back to, which is not in memory yet.
      if (lacksVersions(state, environment, cuts())) void refresh();
      return table;
    },
    deployment: (model) => documentOf(state, environment, model),
    async close() {
      stopWatching();
      await turns.stop();
      clearTimeout(retry);
      retired.add(modelsOf(state), 0);
      await retired.close();
    },
  };
}

async function nextState(options: FleetOptions, last: State): Promise<State> {
  const { source, environment, runtime, artifacts = {} } = options;
  try {
    const read = await source.read();
    const deployments = new Map([...last.served].map(([model, { deployment }]) => [model, deployment]));
    const wanted = readWanted(read.files, environment, { ...last, deployments });
    const cuts = oursOf(environment, options.cuts());
    const { served, problems } = await loadWanted({ wanted, cuts, source: read, runtime, artifacts }, last.served);
    return {
      revision: read.revision,
      policy: wanted.policy,
      project: wanted.project,
      served,
      paths: new Set(read.files.keys()),
      problems: [...wanted.problems, ...problems],
      sourceProblems: [],
      unsettled: problems.length > 0,
    };
  } catch (error) {
    return { ...last, sourceProblems: problemsOf(error), unsettled: true };
  }
}

function documentOf(state: State, environment: string, model: string): ModelDeployment | null | undefined {
  const known = state.revision !== "" && !state.paths.has(paths.deployment(environment, model));
  return state.served.get(model)?.deployment ?? (known ? null : undefined);
}

function tableOf(state: State, environment: string, cuts: readonly Cut[]): RoutingTable {
  const { revision, policy, project, served, problems, sourceProblems } = state;
  const all = [...sourceProblems, ...problems];
  return buildTable({ revision, environment, policy, project, models: served, cuts, problems: all });
}

function lacksVersions(state: State, environment: string, cuts: readonly Cut[]): boolean {
  const ours = oursOf(environment, cuts);
  return [...state.served.values()].some(({ deployment, loaded }) =>
    servedSet(underCuts(deployment, ours)).some((version) => !loaded.has(version)),
  );
}

function oursOf(environment: string, cuts: readonly Cut[]): readonly Cut[] {
  return cuts.filter((cut) => cut.environment === environment);
}

function modelsOf(state: State): readonly LoadedModel[] {
  return [...state.served.values()].flatMap(({ loaded }) => [...loaded.values()]);
}
