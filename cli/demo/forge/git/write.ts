/** Writing blobs, trees and commits. Nothing here moves a ref. */
import { entryType, formatCommit, formatTree, parseTree, type NewCommit, type TreeEntry } from "./parse.ts";
import type { Repository } from "./repository.ts";
import { writeObject } from "./loose.ts";

export interface TreeChange {
  readonly path: string;
  /** What stands at the path afterwards; null removes it. */
  readonly entry: { readonly mode: string; readonly oid: string } | null;
}

/** A change that cannot be made to this tree: a path to remove that is not there, or one that is file and folder. */
export class TreeChangeError extends Error {
  readonly path: string;

  constructor(path: string, what: string) {
    super(`${path}: ${what}`);
    this.name = "TreeChangeError";
    this.path = path;
  }
}

export function writeBlob(repository: Repository, bytes: Uint8Array): string {
  return writeObject(repository.gitDir, "blob", bytes);
}

/** Whether git and GitHub accept the path in a tree: relative, no empty or dot segments, nothing called .git. */
export function isTreePath(path: string): boolean {
  return path.split("/").every((part) => part !== "" && !/^\.{1,2}$|^\.git$/i.test(part) && !part.includes("\0"));
}

/**
 * Writes the tree `base` (null: the empty one) with the changes made, and answers its oid. Only the folders on the
 * way to a change are read and written; a folder that the changes empty is gone, as in git.
 */
export async function writeTree(
  repository: Repository,
  base: string | null,
  changes: readonly TreeChange[],
): Promise<string> {
  const { entries } = await changedEntries(repository, base, changes, "");
  return writeObject(repository.gitDir, "tree", formatTree(entries));
}

async function changedEntries(
  repository: Repository,
  base: string | null,
  changes: readonly TreeChange[],
  folder: string,
): Promise<{ entries: readonly TreeEntry[] }> {
  const object = base === null ? null : await repository.objects.read(`${base}^{tree}`);
  const entries = new Map((object ? parseTree(object.bytes) : []).map((entry) => [entry.name, entry]));

  for (const [name, group] of groupByFirstSegment(changes)) {
    const path = `${folder}${name}`;
    const [own] = group.filter((change) => change.path === name);
    if (own && group.length > 1) throw new TreeChangeError(path, "is changed twice, or is both a file and a folder");
    const old = entries.get(name);
    if (own) {
      if (!own.entry && !old) throw new TreeChangeError(path, "is to be removed, and is not there");
      if (own.entry) entries.set(name, { name, ...own.entry });
      else entries.delete(name);
      continue;
    }
    const inner = group.map((change) => ({ ...change, path: change.path.slice(name.length + 1) }));
    const subtree = old && entryType(old.mode) === "tree" ? old.oid : null;
    const changed = await changedEntries(repository, subtree, inner, `${path}/`);
    if (changed.entries.length === 0) entries.delete(name);
    else {
      entries.set(name, {
        name,
        mode: "40000",
        oid: writeObject(repository.gitDir, "tree", formatTree(changed.entries)),
      });
    }
  }
  return { entries: [...entries.values()] };
}

function groupByFirstSegment(changes: readonly TreeChange[]): Map<string, TreeChange[]> {
  return Map.groupBy(changes, (change) => change.path.split("/", 1)[0] ?? "");
}

/** Writes a commit and answers its oid. */
export function writeCommit(repository: Repository, commit: NewCommit): string {
  return writeObject(repository.gitDir, "commit", formatCommit(commit));
}
