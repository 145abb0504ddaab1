/** Real three-way merges, by `git merge-tree --write-tree` (git 2.38): no work tree, no index. */
import type { Commit, Person } from "./parse.ts";
import { readCommit, type Repository } from "./repository.ts";
import { isAncestor } from "./refs.ts";
import { GitError, tryGit } from "./run.ts";
import { writeCommit } from "./write.ts";

/** The merged tree, or the paths at which the two sides cannot be reconciled. */
export type Merge = { readonly tree: string } | { readonly conflicts: readonly string[] };

/** Merges two commits. Writes objects, moves nothing. */
export async function mergeCommits(repository: Repository, ours: string, theirs: string): Promise<Merge> {
  const [tip, isAhead] = [await readCommit(repository, theirs), await isAncestor(repository, ours, theirs)];
  if (tip && isAhead) return { tree: tip.tree };
  const args = ["merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", ours, theirs];
  const output = await tryGit(repository.gitDir, args);
  if (output.code > 1) throw new GitError(args, output);
  const [tree = "", ...conflicts] = output.stdout.split("\0").filter((part) => part !== "");
  return output.code === 0 ? { tree } : { conflicts };
}

/**
 * Puts one commit's change on top of another commit. merge-tree takes its base from the history (naming one needs git
 * 2.40), so the target's tree is given the commit's own parent for a parent: then that parent is the merge base.
 */
async function transplant(repository: Repository, commit: Commit, onto: string): Promise<Merge> {
  const target = await readCommit(repository, onto);
  if (!target) throw new Error(`${onto} is no commit`);
  const stand = writeCommit(repository, { ...target, parents: commit.parents.slice(0, 1), message: "stand-in" });
  return mergeCommits(repository, stand, commit.oid);
}

/** Replays commits (oldest first) on `onto`, authors kept. The new tip, or the conflicts of the first that fails. */
export async function rebaseCommits(
  repository: Repository,
  commits: readonly Commit[],
  onto: string,
  committer: Person,
): Promise<{ readonly tip: string } | { readonly conflicts: readonly string[] }> {
  let tip = onto;
  for (const commit of commits) {
    const merged = await transplant(repository, commit, tip);
    if ("conflicts" in merged) return merged;
    tip = writeCommit(repository, { ...commit, tree: merged.tree, parents: [tip], committer });
  }
  return { tip };
}
