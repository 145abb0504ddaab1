/** What lies between commits: the commits themselves, and the files that differ. */
import { apart, lineBetween } from "./graph.ts";
import type { Commit } from "./parse.ts";
import { readCommit, type Repository } from "./repository.ts";
import { git } from "./run.ts";

export interface FileChange {
  readonly path: string;
  readonly previousPath: string | null;
  readonly status: "added" | "removed" | "modified" | "renamed" | "copied" | "changed";
  readonly oid: string;
  readonly additions: number;
  readonly deletions: number;
  /** The hunks; null for a binary file or a change of mode alone. */
  readonly patch: string | null;
}

const EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/** How many commits `head` has that `base` has not, and the other way round. */
export async function countApart(
  repository: Repository,
  base: string,
  head: string,
): Promise<{ ahead: number; behind: number }> {
  const walked = await apart(repository, base, head);
  if (walked) return walked;
  const output = await git(repository.gitDir, ["rev-list", "--left-right", "--count", `${base}...${head}`]);
  const [behind = 0, ahead = 0] = output.trim().split("\t").map(Number);
  return { ahead, behind };
}

/** The commits that `head` has and `base` has not, oldest first, parents before children. */
export async function commitsBetween(repository: Repository, base: string, head: string): Promise<readonly Commit[]> {
  const line = await lineBetween(repository, base, head);
  return line ?? listCommits(repository, ["--reverse", "--topo-order", `${base}..${head}`]);
}

/** The commits reachable from `head`, newest first; only those that touched `path` where one is given. */
export async function commitsOf(repository: Repository, head: string, path?: string): Promise<readonly Commit[]> {
  return listCommits(repository, path === undefined ? [head] : [head, "--", path]);
}

async function listCommits(repository: Repository, args: readonly string[]): Promise<readonly Commit[]> {
  const output = await git(repository.gitDir, ["rev-list", ...args]);
  const oids = output.split("\n").filter((line) => line !== "");
  const commits = await Promise.all(oids.map((oid) => readCommit(repository, oid)));
  return commits.filter((commit) => commit !== null);
}

/** The files that differ between two commits (`base` null: everything is new), renames found as GitHub does. */
export function changedFiles(
  repository: Repository,
  base: string | null,
  head: string,
): Promise<readonly FileChange[]> {
  const key = `${base} ${head}`;
  const known = repository.diffs.get(key) ?? compareTrees(repository, base ?? EMPTY_TREE, head);
  repository.diffs.set(key, known);
  return known;
}

async function compareTrees(repository: Repository, base: string, head: string): Promise<readonly FileChange[]> {
  const range = [base, head];
  const diff = ["diff", "--no-ext-diff", "--no-textconv", "-M"];
  const [summary, patches] = await Promise.all([
    git(repository.gitDir, [...diff, "--raw", "--numstat", "--no-abbrev", "-z", ...range]),
    git(repository.gitDir, [...diff, "--patch", ...range]),
  ]);
  // Lines of content start with a space, a sign or a backslash, so only a file's header can start so.
  const hunks = patches
    .split(/^diff --git /m)
    .slice(1)
    .map((text) => /^@@ [\s\S]*/m.exec(text)?.[0].replace(/\n$/, "") ?? null);
  return parseSummary(summary).map((change, index) => ({ ...change, patch: hunks[index] ?? null }));
}

const STATUS: Readonly<Record<string, FileChange["status"]>> = {
  A: "added",
  C: "copied",
  D: "removed",
  M: "modified",
  R: "renamed",
  T: "changed",
};

/** `--raw --numstat -z`: first every file's raw record, then every file's counts, each with one path or two. */
function parseSummary(output: string): readonly Omit<FileChange, "patch">[] {
  const tokens = output.split("\0");
  let at = 0;
  const next = () => tokens[at++] ?? "";

  const files: Omit<FileChange, "patch" | "additions" | "deletions">[] = [];
  while (tokens[at]?.startsWith(":")) {
    const [, , oldOid = "", newOid = "", letters = ""] = next().split(" ");
    const status = STATUS[letters.charAt(0)] ?? "changed";
    const first = next();
    const moved = status === "renamed" || status === "copied";
    files.push({
      path: moved ? next() : first,
      previousPath: moved ? first : null,
      status,
      oid: status === "removed" ? oldOid : newOid,
    });
  }
  return files.map((file) => {
    const [added = "", removed = "", path = ""] = next().split("\t");
    if (path === "") at += 2;
    // A binary file has dashes for counts.
    return { ...file, additions: Number(added) || 0, deletions: Number(removed) || 0 };
  });
}
