import type { Cut } from "../../schemas/cut.ts";
import type { Settings } from "../../schemas/settings.ts";
import type { ModelDeployment } from "../../schemas/model-deployment.ts";
import type { ModelVersion } from "../../schemas/model-version.ts";
import type { Problem } from "../../schemas/problem.ts";
import type { ReadTree } from "../../schemas/read-tree.ts";
import { bytesOf } from "../../schemas/artifact.ts";
import { paths } from "../../schemas/tree.ts";
import { readWanted, type Wanted } from "../core/following.ts";
import { backendOf } from "../core/backend.ts";
import type { ModelServer, ReadArtifact, Runtime, Source, SourceState } from "../core/ports.ts";
import { isKnown, type RoutingTable } from "../core/route.ts";
import { buildTable } from "../core/table.ts";
import { loadVersion, problemsOf } from "./load-version.ts";
import { createUses, memoryFor, unlimited, type Memory, type UsedAt } from "./memory.ts";
import { createRetry } from "./retry.ts";
import { createShelf, type Order, type Shelf } from "./shelf.ts";
import { stepOf, type Served } from "./step.ts";
import { oneAfterAnother } from "./turns.ts";

/** The models in memory and the table that requests are routed by. */
export interface Fleet {
  /** Immutable: take it once for a request. */
  table(): RoutingTable;
  /**
   * Follows the source. What needs no loading is served at once, each model that does as soon as its own versions are there;
   * what is served no more is freed. Resolves when all that the source asks for was tried. Never rejects.
   */
  refresh(): Promise<RoutingTable>;
  /** Takes the open cuts into the table, at once; a version that takes over and is not in memory is loaded. */
  applyCuts(): RoutingTable;
  /**
   * A request names this version: one that had to stay out of memory is loaded, and others make room for it, unless what gets
   * traffic and what is on its way leave none.
   */
  use(model: string, version: number): void;
  /** How many models wait for versions that have not been tried yet. */
  untried(): number;
  /**
   * The last good document of a model, without cuts; null where the source has none. Undefined while that is not known: nothing
   * was read yet, or the document is there but has never been good.
   */
  deployment(model: string): ModelDeployment | null | undefined;
  /** The documents of the source as they were read last, good or not. */
  documents(): ReadTree["read"];
  /** Stops following, waits for what runs, frees everything. */
  close(): Promise<void>;
}

export interface FleetOptions {
  readonly source: Source;
  readonly runtime: Runtime;
  /** Has the versions of an environment whose backend is one. Default: all are loaded here. */
  readonly server?: ModelServer;
  readonly environment: string;
  /** What variables say instead of the files. */
  readonly settings?: Settings;
  /** Open cuts, of any environment. */
  readonly cuts: () => readonly Cut[];
  /** Called with each new table. */
  readonly onTable?: (table: RoutingTable) => void;
  /** Milliseconds until something that failed is tried again by itself; doubled up to 64 times that. Default 5000. */
  readonly retryMs?: number;
  readonly readArtifact: ReadArtifact;
  /** Milliseconds for opening a model and its trial; the artifact has its own. Default 120,000. */
  readonly loadMs?: number;
  /** A version could not be freed. */
  readonly onError?: (error: unknown) => void;
}

/** What was read of the source last. */
interface Read {
  readonly source: SourceState;
  readonly wanted: Wanted;
}

/** What the table is built from, with the cuts of the moment. */
interface State {
  readonly read: Read | null;
  /** Why the source could not be read just now. */
  readonly sourceProblems: readonly Problem[];
  /** By model: the newest document that is served, or the last good one. */
  readonly served: ReadonlyMap<string, Served>;
  readonly loadProblems: readonly Problem[];
  /** Models that were served, or whose versions were all tried. */
  readonly tried: ReadonlySet<string>;
  readonly memory: Memory;
}

const nothing: State = {
  read: null,
  sourceProblems: [],
  served: new Map(),
  loadProblems: [],
  tried: new Set(),
  memory: unlimited,
};

/**
 * Follows the source from the first `refresh` on, and whenever the source says that it changed. One owner of the table: every
 * change of the documents, of the cuts or of what is in memory goes through `settle`, which replaces it whole.
 */
export function createFleet(options: FleetOptions): Fleet {
  const { source, environment, cuts, onTable, retryMs = 5000 } = options;
  let state = nothing;
  let table = tableOf(state, environment, cuts());
  const uses = createUses((model, version) => isKnown(table, model, version));
  const shelf = createShelf(() => settle(), options.onError ?? (() => {}));
  const retry = createRetry(retryMs, () => void turns.take());

  function settle(): void {
    const open = cuts().filter((cut) => cut.environment === environment);
    const next = settled({ ...options, usedAt: uses.at }, state, open, shelf);
    state = next.state;
    table = tableOf(state, environment, open);
    shelf.want({ keys: next.keys, orders: next.orders, limitBytes: state.memory.limitBytes });
    retry.plan(state.sourceProblems.length + state.loadProblems.length > 0);
    onTable?.(table);
  }

  const turns = oneAfterAnother(async () => {
    state = { ...state, ...(await readSource(options, state.read)) };
    shelf.forgive();
    settle();
  });
  const refresh = async (): Promise<RoutingTable> => {
    await turns.take();
    await shelf.quiet();
    return table;
  };
  const stopWatching = source.watch(() => void turns.take());
  const stopAsking = options.server?.watch(() => settle());

  return {
    table: () => table,
    refresh,
    applyCuts: () => (settle(), table),
    use(model, version) {
      const route = table.models.get(model);
      const document = route?.documents.get(version);
      if (document === undefined || state.memory === unlimited) return;
      const isOut = route?.unloaded.has(version) === true;
      // Without room for it nothing would change: any client can name it as often as it likes.
      if (isOut && bytesOf(document.spec.artifact) > state.memory.claimableBytes) return;
      uses.note(model, version);
      if (isOut) settle();
    },
    untried: () => (state.read?.wanted.deployments.size ?? 0) - state.tried.size,
    documents: () => state.read?.wanted.read ?? new Map(),
    deployment: (model) => documentOf(state, environment, model),
    async close() {
      stopWatching();
      stopAsking?.();
      retry.stop();
      await turns.stop();
      await shelf.close();
    },
  };
}

async function readSource(
  { source, environment, settings }: FleetOptions,
  last: Read | null,
): Promise<Pick<State, "sourceProblems"> & Partial<Pick<State, "read">>> {
  try {
    const read = await source.read();
    const lastGood = last?.wanted ?? { policy: null, project: null, deployments: new Map(), read: new Map() };
    const wanted = readWanted(read.files, environment, lastGood, settings);
    return { read: { source: read, wanted }, sourceProblems: [] };
  } catch (error) {
    return { sourceProblems: problemsOf(error) };
  }
}

interface Settled {
  readonly state: State;
  /** Keys of all versions that are asked for, or served. */
  readonly keys: ReadonlySet<string>;
  readonly orders: readonly Order[];
}

/** What the documents and the cuts come to with the versions that are in memory now. */
function settled(
  options: FleetOptions & { readonly usedAt: UsedAt },
  state: State,
  cuts: readonly Cut[],
  { find }: Pick<Shelf, "find">,
): Settled {
  const { read } = state;
  if (read === null) return { state, keys: new Set(), orders: [] };
  const { runtime, server = null, readArtifact, loadMs = 120_000 } = options;
  const { policy, project, versions, deployments } = read.wanted;
  const parts = { policy, project, source: read.source, runtime, server, readArtifact, loadMs };
  const backend = backendOf(policy);
  const served = new Map<string, Served>();
  const keys = new Set<string>();
  const tried = new Set<string>();
  const memory = memoryFor(read.wanted, cuts, options.usedAt, find);
  const loadProblems = [...memory.problems];
  const orders: Order[] = [];
  for (const [model, deployment] of [...deployments].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const documents = versions.get(model) ?? new Map<number, ModelVersion>();
    const last = state.served.get(model) ?? null;
    const step = stepOf(deployment, { documents, backend, cuts, last, find, out: memory.out });
    const { order } = step;
    if (step.served !== null) served.set(model, step.served);
    for (const key of [...step.keys, ...(step.served?.keys.values() ?? [])]) keys.add(key);
    if (order !== null) {
      const bytes = backend.kind === "embedded" ? bytesOf(order.document.spec.artifact) : 0;
      orders.push({ ...order, bytes, load: () => loadVersion(order, parts) });
    }
    if (step.served !== null || order === null || state.tried.has(model)) tried.add(model);
    loadProblems.push(...step.problems);
  }
  return { state: { ...state, served, loadProblems: unlike(loadProblems), tried, memory }, keys, orders };
}

/** What is wrong with the environment is found again with each version. */
function unlike(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
}

function documentOf({ read, served }: State, environment: string, model: string): ModelDeployment | null | undefined {
  const known = read !== null && !read.source.files.has(paths.deployment(environment, model));
  return served.get(model)?.deployment ?? (known ? null : undefined);
}

function tableOf(state: State, environment: string, cuts: readonly Cut[]): RoutingTable {
  const { read, served, loadProblems, sourceProblems } = state;
  const { policy = null, project = null, problems = [] } = read?.wanted ?? {};
  const revision = read?.source.revision ?? "";
  const all = [...sourceProblems, ...problems, ...loadProblems];
  const documented = read?.wanted.documented ?? [];
  return buildTable({ revision, environment, policy, project, models: served, documented, cuts, problems: all });
}
