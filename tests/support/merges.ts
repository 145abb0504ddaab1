import { isDeepStrictEqual } from "node:util";
import type { Change } from "../../cli/gitops/core/change.ts";
import { applyDocuments } from "../../cli/gitops/core/apply-change.ts";
import type { ModelDeployment, Rejection } from "../../schemas/model-deployment.ts";
import { paths, type Tree } from "../../schemas/tree.ts";

/** A pull request that waits: what it was planned on, and what it changes. */
export interface OpenChange {
  readonly base: Tree;
  readonly change: Change;
}

export interface Merged {
  readonly tree: Tree;
  /** True where both sides changed the same field otherwise, and the pull request's side was taken. */
  readonly conflict: boolean;
}

/**
 * What git makes of a pull request that was planned on an older tree: field by field the side that changed. Both changed: a
 * person resolves it in favour of the pull request; rejections of both sides stay, as lines of a list do.
 */
export function mergeStale(current: Tree, { base, change }: OpenChange): Merged {
  const { environment, model } = change;
  const ours = environment === null ? undefined : current.deployments.get(environment)?.get(model);
  const theirs = applyDocuments(base, change)
    .deployments.get(environment ?? "")
    ?.get(model);
  if (environment === null || ours === undefined || theirs === undefined) {
    return { tree: applyDocuments(current, change), conflict: false };
  }
  const old = base.deployments.get(environment)?.get(model);
  const { spec, conflict } = mergeSpec(old?.spec, ours.spec, theirs.spec);
  const documents = change.documents.map((document) =>
    document.path === paths.deployment(environment, model) ? { ...document, value: { ...ours, spec } } : document,
  );
  return { tree: applyDocuments(current, { ...change, documents }), conflict };
}

type Spec = ModelDeployment["spec"];

function mergeSpec(old: Spec | undefined, ours: Spec, theirs: Spec): { spec: Spec; conflict: boolean } {
  const merged: Record<string, unknown> = {};
  let conflict = false;
  for (const key of new Set([...Object.keys(ours), ...Object.keys(theirs)]) as Set<keyof Spec>) {
    const changedHere = !isDeepStrictEqual(old?.[key], ours[key]);
    const changedThere = !isDeepStrictEqual(old?.[key], theirs[key]);
    const both = changedHere && changedThere && !isDeepStrictEqual(ours[key], theirs[key]);
    if (key === "rejected") merged[key] = mergeRejected(old?.rejected, ours.rejected, theirs.rejected);
    else merged[key] = changedThere ? theirs[key] : ours[key];
    conflict ||= both && key !== "rejected";
  }
  const spec = Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined));
  return { spec: spec as Spec, conflict };
}

function mergeRejected(old: Rejection[] = [], ours: Rejection[] = [], theirs: Rejection[] = []): Rejection[] {
  const has = (list: Rejection[], entry: Rejection) => list.some((other) => isDeepStrictEqual(other, entry));
  const kept = ours.filter((entry) => !has(old, entry) || has(theirs, entry));
  return [...kept, ...theirs.filter((entry) => !has(old, entry) && !has(kept, entry))];
}
