/** Refs: reading them, and moving them only from the value that was seen. */
import { commonAncestors, reaches } from "./graph.ts";
import type { ObjectType } from "./reader.ts";
import type { Repository } from "./repository.ts";
import { git, GitError, tryGit } from "./run.ts";

export interface Ref {
  /** In full: refs/heads/main. */
  readonly name: string;
  readonly oid: string;
  readonly type: ObjectType;
}

export interface RefUpdate {
  readonly name: string;
  /** Null deletes the ref. */
  readonly to: string | null;
  /** The value that the ref must have now; null: it must not exist. */
  readonly from: string | null;
}

const ZERO = "0".repeat(40);

/** Git's rules for names (git-check-ref-format), and GitHub's: at least `refs/<kind>/<name>`. */
export function isRefName(name: string): boolean {
  if (!/^refs\/[^/]+\/./.test(name) || name.endsWith("/") || name.endsWith(".")) return false;
  // oxlint-disable-next-line no-control-regex -- control characters are among what git forbids
  if (/[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\//.test(name)) return false;
  return name.split("/").every((part) => !part.startsWith(".") && !part.endsWith(".lock"));
}

export function branchRef(branch: string): string {
  return `refs/heads/${branch}`;
}

export async function readRef(repository: Repository, name: string): Promise<Ref | null> {
  if (!isRefName(name)) return null;
  const object = await repository.objects.read(name);
  return object && { name, oid: object.oid, type: object.type };
}

/** The refs whose full name starts with `prefix`, by name. */
export async function listRefs(repository: Repository, prefix: string): Promise<readonly Ref[]> {
  const format = "--format=%(objectname) %(objecttype) %(refname)";
  const output = await git(repository.gitDir, ["for-each-ref", format]);
  return output
    .split("\n")
    .filter((line) => line !== "")
    .map((line): Ref => {
      const [oid = "", type = "", name = ""] = line.split(" ");
      return { name, oid, type: type as ObjectType };
    })
    .filter((ref) => ref.name.startsWith(prefix));
}

/**
 * Moves all of the refs, or none of them. False when one did not have the value that it had to have, or when its
 * name and another's exclude each other (`a` and `a/b`).
 */
export async function updateRefs(repository: Repository, updates: readonly RefUpdate[]): Promise<boolean> {
  const lines = updates.map(({ name, to, from }) => {
    if (to === null) return `delete ${name} ${from ?? ZERO}\n`;
    return `update ${name} ${to} ${from ?? ZERO}\n`;
  });
  if (await repository.refs.commit(lines.join(""))) return true;
  const args = ["update-ref", "--stdin"];
  const output = await tryGit(repository.gitDir, args, { stdin: lines.join("") });
  if (output.code === 0) return true;
  if (/cannot lock ref|reference already exists/.test(output.stderr)) return false;
  throw new GitError(args, output);
}

/** Whether `ancestor` is reachable from `descendant`; a commit is reachable from itself. */
export async function isAncestor(repository: Repository, ancestor: string, descendant: string): Promise<boolean> {
  if (ancestor === descendant) return true;
  const walked = await reaches(repository, ancestor, descendant);
  if (walked !== null) return walked;
  const args = ["merge-base", "--is-ancestor", ancestor, descendant];
  const output = await tryGit(repository.gitDir, args);
  if (output.code > 1) throw new GitError(args, output);
  return output.code === 0;
}

/** The best common ancestor of two commits; null where their histories are unrelated. */
export async function mergeBase(repository: Repository, a: string, b: string): Promise<string | null> {
  const best = await commonAncestors(repository, a, b);
  if (best !== null && best.length < 2) return best[0] ?? null;
  const args = ["merge-base", a, b];
  const output = await tryGit(repository.gitDir, args);
  if (output.code > 1) throw new GitError(args, output);
  return output.code === 0 ? output.stdout.trim() : null;
}
