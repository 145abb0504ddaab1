import { underCuts, type Cut } from "../../schemas/cut.ts";
import type { ModelDeployment } from "../../schemas/model-deployment.ts";
import type { ModelVersion } from "../../schemas/model-version.ts";
import type { Problem } from "../../schemas/problem.ts";
import { effective, servedSet } from "../../schemas/effective.ts";
import { paths } from "../../schemas/tree.ts";
import type { Backend } from "../core/backend.ts";
import { withRejectionsOf } from "../core/following.ts";
import type { LoadedModel, SessionOptions } from "../core/ports.ts";
import { keyOf, type VersionOrder } from "./load-version.ts";
import type { Place } from "./shelf.ts";

/** A document that is served, and its versions in memory. */
export interface Served {
  readonly deployment: ModelDeployment;
  readonly loaded: ReadonlyMap<number, LoadedModel>;
  /** Of each loaded version, its key on the shelf. */
  readonly keys: ReadonlyMap<number, string>;
  /** What stays out of memory. */
  readonly unloaded: ReadonlySet<number>;
  /** Of the versions that are to be served, as far as they can be read. */
  readonly documents: ReadonlyMap<number, ModelVersion>;
}

/** What one model comes to with the versions that are in memory now. */
export interface Step {
  /** null: nothing can be served yet. */
  readonly served: Served | null;
  readonly problems: readonly Problem[];
  /** Keys of the versions that are asked for. */
  readonly keys: readonly string[];
  /** What is missing next; it may be on its way already. */
  readonly order: VersionOrder | null;
}

export interface StepParts {
  readonly documents: ReadonlyMap<number, ModelVersion>;
  readonly backend: Backend;
  /** Of the environment of the deployment. */
  readonly cuts: readonly Cut[];
  /** What is served of the model now. */
  readonly last: Served | null;
  readonly find: (key: string) => Place | undefined;
  /** Keys of versions that there is no memory for. */
  readonly out: ReadonlySet<string>;
}

/**
 * The document is served as soon as the versions that get traffic by it are in memory, or have failed. Until then the last
 * good state goes on, without what the document rejects, and so it does where the stable version cannot be loaded; any other
 * version that cannot be loaded is left out. What is loaded but absent from its server is as good as not loadable, until it is
 * back.
 */
export function stepOf(
  deployment: ModelDeployment,
  { documents, backend, cuts, last, out, ...parts }: StepParts,
): Step {
  const find = (key: string): Place | undefined => presentOr(parts.find(key));
  const now = underCuts(deployment, cuts);
  const { stable, canary } = effective(now);
  const options = optionsOf(deployment);
  const loaded = new Map<number, LoadedModel>();
  const keys = new Map<number, string>();
  const asked: string[] = [];
  const missing = new Set<number>();
  const unloaded = new Set<number>();
  const problems: Problem[] = [];
  let order: VersionOrder | null = null;
  // Stable first: without it, nothing else is worth loading.
  for (const version of servedSet(now).toSorted((a, b) => rank(b) - rank(a))) {
    const document = documents.get(version);
    // One whose document cannot be read now stays in memory.
    const key = document === undefined ? last?.keys.get(version) : keyOf(document, backend, options);
    if (key !== undefined && out.has(key)) {
      unloaded.add(version);
      continue;
    }
    const place = key === undefined ? undefined : find(key);
    if (key !== undefined) asked.push(key);
    problems.push(...(place?.problems ?? []));
    if (key !== undefined && place?.kind === "here" && place.model !== null) {
      loaded.set(version, place.model);
      keys.set(version, key);
    } else if (document === undefined || key === undefined) problems.push(unreadable(deployment, version));
    else if (place?.kind !== "failed") {
      missing.add(version);
      order ??= { key, document, options, isServing: rank(version) > 0 };
    }
    if (version === stable?.version && !loaded.has(version)) break;
  }
  const gotStable = stable === null || loaded.has(stable.version);
  const carries = gotStable && !(canary !== null && missing.has(canary.version));
  const held =
    last === null
      ? null
      : { ...last, loaded: present(last, find), deployment: withRejectionsOf(last.deployment, deployment) };
  const wanted = new Map(servedSet(now).flatMap((version) => entryOf(documents, version)));
  const served = carries ? { deployment, loaded, keys, unloaded, documents: wanted } : held;
  return { served, problems, keys: asked, order };

  function rank(version: number): number {
    return version === stable?.version ? 2 : version === canary?.version ? 1 : 0;
  }
}

function entryOf<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key): readonly (readonly [Key, Value])[] {
  const value = map.get(key);
  return value === undefined ? [] : [[key, value]];
}

/** How the document says that its versions are opened. */
export function optionsOf({ spec: { serving } }: ModelDeployment): SessionOptions {
  const { timeoutMs: _, intraOpThreads = 1, ...others } = serving ?? {};
  return { intraOpThreads, ...others };
}

/** The place as it counts now: one whose model is absent has failed, for the reason that the model gives. */
function presentOr(place: Place | undefined): Place | undefined {
  const absence = place?.model?.absence?.() ?? null;
  return absence === null ? place : { kind: "failed", model: null, problems: [absence] };
}

/** Of what was served last, the versions that still can be. */
function present({ keys }: Served, find: StepParts["find"]): ReadonlyMap<number, LoadedModel> {
  const models = [...keys].map(([version, key]) => [version, find(key)?.model ?? null] as const);
  return new Map(models.flatMap(([version, model]) => (model === null ? [] : [[version, model]])));
}

function unreadable({ spec }: ModelDeployment, version: number): Problem {
  const file = paths.version(spec.model, version);
  return {
    code: "version-unreadable",
    file,
    message: "cannot be read, so it is not served",
    hint: "mend or restore this file; `mmsp validate` says what is wrong with it",
  };
}
