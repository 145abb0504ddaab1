/**
 * How commits hang together, found by walking over commits that were read before. A long history is left to git, which has
 * better ways; answers are null there.
 */
import type { Commit } from "./parse.ts";
import { readCommit, type Repository } from "./repository.ts";

/** Commits that a walk looks at before it gives up. */
const LIMIT = 400;

type Walk = ReadonlyMap<string, Commit>;

async function reachable(repository: Repository, oid: string): Promise<Walk | null> {
  const found = new Map<string, Commit>();
  const waiting = [oid];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (found.has(next)) continue;
    if (found.size === LIMIT) return null;
    const commit = await readCommit(repository, next);
    if (!commit) return null;
    found.set(next, commit);
    waiting.push(...commit.parents);
  }
  return found;
}

async function both(repository: Repository, a: string, b: string): Promise<readonly [Walk, Walk] | null> {
  const [first, second] = [await reachable(repository, a), await reachable(repository, b)];
  return first && second && [first, second];
}

export async function reaches(repository: Repository, ancestor: string, descendant: string): Promise<boolean | null> {
  const walk = await reachable(repository, descendant);
  return walk && walk.has(ancestor);
}

/** The best common ancestors; none where the histories are unrelated. */
export async function commonAncestors(repository: Repository, a: string, b: string): Promise<readonly string[] | null> {
  const walks = await both(repository, a, b);
  if (!walks) return null;
  const common = [...walks[0].values()].filter(({ oid }) => walks[1].has(oid));
  // All ancestors of a common ancestor are common: one that is not best is a parent of another.
  const lesser = new Set(common.flatMap(({ parents }) => parents));
  return common.map(({ oid }) => oid).filter((oid) => !lesser.has(oid));
}

export async function apart(
  repository: Repository,
  base: string,
  head: string,
): Promise<{ ahead: number; behind: number } | null> {
  const walks = await both(repository, base, head);
  if (!walks) return null;
  const [ofBase, ofHead] = walks;
  const shared = [...ofBase.keys()].filter((oid) => ofHead.has(oid)).length;
  return { ahead: ofHead.size - shared, behind: ofBase.size - shared };
}

/** The commits of `head` that `base` lacks, oldest first, where they are one line; null too where they are not. */
export async function lineBetween(
  repository: Repository,
  base: string,
  head: string,
): Promise<readonly Commit[] | null> {
  const walks = await both(repository, base, head);
  if (!walks) return null;
  const [ofBase, ofHead] = walks;
  const line: Commit[] = [];
  for (let at: string | undefined = head; at !== undefined && !ofBase.has(at);) {
    const commit: Commit | undefined = ofHead.get(at);
    if (!commit || commit.parents.length > 1) return null;
    line.push(commit);
    at = commit.parents[0];
  }
  return line.reverse();
}
