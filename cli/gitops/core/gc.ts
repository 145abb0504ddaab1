import { effective } from "../../../schemas/effective.ts";
import type { ModelDeployment } from "../../../schemas/model-deployment.ts";
import type { ModelVersion } from "../../../schemas/model-version.ts";
import { isInRepository, storePath } from "../../../schemas/store.ts";
import { paths, type Tree } from "../../../schemas/tree.ts";

/** A version that an open pull request names; `version: null` stands for all of the model's, where nobody can tell. */
export interface PullName {
  readonly model: string;
  readonly version: number | null;
  readonly number: number;
}

/** What is known of the past of a version; times in milliseconds since 1970. */
export interface Past {
  /** The end of its last service anywhere; null where it never served. */
  readonly lastServed: number | null;
  /** When the branch got its registration. */
  readonly registered: number;
}

export interface GcState {
  readonly tree: Tree;
  readonly pulls: readonly PullName[];
  /** Of every version in `candidatesOf`. */
  readonly pastOf: (model: string, version: number) => Past;
  readonly now: number;
  /** Nothing that served, or came, within so many milliseconds goes. */
  readonly windowMs: number;
}

export interface Removal extends Past {
  readonly document: ModelVersion;
  /** Its files in stores inside the repository that nothing else needs, as paths; they may not be there. */
  readonly files: readonly string[];
  /** Its files in other stores: they go with `gc --store` once the registration has gone. */
  readonly outside: readonly string[];
}

export interface Kept {
  readonly model: string;
  readonly version: number;
  readonly reason: string;
}

export interface GcPlan {
  readonly remove: readonly Removal[];
  readonly keep: readonly Kept[];
}

/**
 * Every number that a document names, as what readers make of it: one in a place that it does not have is rejected, or has
 * another place.
 */
export function namedIn(deployment: ModelDeployment): readonly { readonly version: number; readonly as: string }[] {
  const { stable, canary, shadow, previous } = effective(deployment);
  const { rejected = [] } = deployment.spec;
  return [
    ...(stable ? [{ version: stable.version, as: "stable" }] : []),
    ...(canary ? [{ version: canary.version, as: "canary" }] : []),
    ...(shadow ? [{ version: shadow.version, as: "shadow" }] : []),
    ...previous.map((version) => ({ version, as: "previous" })),
    ...rejected.map(({ version }) => ({ version, as: "rejected" })),
  ];
}

/**
 * Registered versions that no document names. The newest of a model is none of them: its number would be given again, to
 * another file.
 */
export function candidatesOf(tree: Tree): readonly { readonly model: string; readonly version: number }[] {
  const standing = standingReasons(tree);
  return registered(tree)
    .map(({ spec: { model, version } }) => ({ model, version }))
    .filter(({ model, version }) => !standing.has(paths.versionFolder(model, version)));
}

/** What goes and why the rest stays. Pure; what any environment's document or an open pull request names never goes. */
export function planGc(state: GcState): GcPlan {
  const { tree } = state;
  const standing = standingReasons(tree);
  const keep: Kept[] = [];
  const going: ModelVersion[] = [];
  for (const document of registered(tree)) {
    const { model, version } = document.spec;
    const named = standing.get(paths.versionFolder(model, version));
    const reason = named ?? pullReason(state, model, version) ?? ageReason(state, document);
    if (reason === null) going.push(document);
    else keep.push({ model, version, reason });
  }
  const needed = digestsBesides(tree, new Set(going));
  const remove = going.map((document): Removal => {
    const { model, version } = document.spec;
    const places = storesOf(tree).flatMap((store) =>
      keysOf(document)
        .filter(({ sha256 }) => !needed.has(sha256))
        .map(({ key }) => ({ store, path: storePath(store, key) })),
    );
    const inside = places.filter(({ store }) => isInRepository(store)).map(({ path }) => path);
    const outside = places.filter(({ store }) => !isInRepository(store)).map(({ path }) => path);
    return { document, ...state.pastOf(model, version), files: [...new Set(inside)], outside };
  });
  return { remove, keep };
}

/** Folder of a registered version -> why the documents themselves keep it; without those that none does. */
function standingReasons(tree: Tree): ReadonlyMap<string, string> {
  const reasons = new Map<string, string>();
  const say = (folder: string, reason: string): void => {
    const before = reasons.get(folder);
    reasons.set(folder, before === undefined ? reason : `${before}, ${reason}`);
  };
  for (const [environment, models] of tree.deployments) {
    for (const [model, deployment] of models) {
      for (const { version, as } of namedIn(deployment))
        say(paths.versionFolder(model, version), `${as} in ${environment}`);
    }
  }
  for (const [path, resources] of tree.kustomizations) {
    for (const folder of resources.map((resource) => resolved(path, resource))) {
      if (!reasons.has(folder)) reasons.set(folder, `listed in ${path}`);
    }
  }
  for (const [model, versions] of tree.versions) {
    const folder = paths.versionFolder(model, Math.max(...versions.keys()));
    if (!reasons.has(folder)) reasons.set(folder, "the newest: its number must not be given again");
  }
  return reasons;
}

/** A relative path in a kustomization, from the root of the repository. */
function resolved(kustomization: string, resource: string): string {
  const parts = kustomization.split("/").slice(0, -1);
  for (const part of resource.replace(/\/+$/, "").split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

function pullReason({ pulls }: GcState, model: string, version: number): string | null {
  const found = pulls.find((pull) => pull.model === model && (pull.version ?? version) === version);
  if (found === undefined) return null;
  return found.version === null
    ? `pull request #${found.number} may name it`
    : `named by pull request #${found.number}`;
}

function ageReason({ pastOf, now, windowMs }: GcState, { spec }: ModelVersion): string | null {
  const { lastServed, registered } = pastOf(spec.model, spec.version);
  if (lastServed !== null && now - lastServed <= windowMs) return `served until ${day(lastServed)}`;
  const came = Math.max(registered, Date.parse(spec.provenance.createdAt));
  return now - came <= windowMs ? `registered on ${day(came)}` : null;
}

function day(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10);
}

function registered(tree: Tree): readonly ModelVersion[] {
  return [...tree.versions]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .flatMap(([, versions]) => [...versions].toSorted(([a], [b]) => a - b).map(([, document]) => document));
}

interface StoredKey {
  readonly key: string;
  readonly sha256: string;
}

/** The files of a version that stores hold, wherever its document names them: no kind of file is to be forgotten here. */
function keysOf({ spec }: ModelVersion): readonly StoredKey[] {
  return keysBelow(spec);
}

function keysBelow(value: unknown): readonly StoredKey[] {
  if (typeof value !== "object" || value === null) return [];
  const key = "key" in value && typeof value.key === "string" ? value.key : "";
  const [, sha256] = /^sha256\/([0-9a-f]{64})\//.exec(key) ?? [];
  const own = sha256 === undefined ? [] : [{ key, sha256 }];
  return [...own, ...Object.values(value).flatMap(keysBelow)];
}

function digestsBesides(tree: Tree, going: ReadonlySet<ModelVersion>): ReadonlySet<string> {
  const staying = registered(tree).filter((document) => !going.has(document));
  return new Set(staying.flatMap((document) => keysOf(document).map(({ sha256 }) => sha256)));
}

/** Every artifact store that a tree names, each once. */
export function storesOf({ project, environments }: Tree): readonly string[] {
  const own = [...environments.values()].map(({ spec }) => spec.artifactStore);
  return [...new Set([project?.spec.artifactStore, ...own].filter((store) => store !== undefined))];
}

/** A file of a store, by its key. */
export interface StoreFile {
  readonly key: string;
  readonly sizeBytes: number;
  /** When it was put there, in milliseconds since 1970. */
  readonly modifiedAt: number;
}

/** What a store outside the repository holds. Files whose names are no keys are somebody else's: neither seen nor touched. */
export interface StoreFiles {
  list(): Promise<readonly StoreFile[]>;
  remove(keys: readonly string[]): Promise<void>;
}

/**
 * The files of a store that no registry entry names, on the base branch or on an open one (`trees`: all of them). Those within
 * the window stay: a registration puts its files there before anybody can see it.
 */
export function planStoreGc(
  files: readonly StoreFile[],
  trees: readonly Tree[],
  { now, windowMs }: Pick<GcState, "now" | "windowMs">,
): readonly StoreFile[] {
  const digests = new Set(trees.flatMap((tree) => [...digestsBesides(tree, new Set())]));
  return files.filter(({ key, modifiedAt }) => {
    return !digests.has(key.split("/")[1] ?? "") && now - modifiedAt > windowMs;
  });
}
