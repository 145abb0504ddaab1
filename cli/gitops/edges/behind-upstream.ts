import { readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { ProblemError } from "../../../schemas/problem.ts";
import type { Behind } from "../core/history-port.ts";
import { runGit } from "./git-run.ts";

/**
 * How far the clone around a folder is behind, without asking anybody else; null where it lacks nothing, or follows nothing.
 * git is started only where its files do not show at once that there is nothing to tell.
 */
export async function behindUpstream(rootDir: string): Promise<Behind | null> {
  if (isPlainlyLevel(rootDir)) return null;
  try {
    const [count, upstream] = await Promise.all([
      runGit(rootDir, ["rev-list", "--count", "HEAD..@{upstream}"]),
      runGit(rootDir, ["rev-parse", "--abbrev-ref", "@{upstream}"]),
    ]);
    return Number(count) > 0 ? { upstream, commits: Number(count) } : null;
  } catch (error) {
    if (error instanceof ProblemError) return null;
    throw error;
  }
}

/**
 * No clone, no branch, one that follows nothing, or one that stands where the branch of the same name at `origin` did. False: git
 * has to be asked.
 */
function isPlainlyLevel(rootDir: string): boolean {
  const git = gitFolder(rootDir);
  if (git === null) return true;
  const head = textOf(join(git, "HEAD"));
  const [, branch] = /^ref: refs\/heads\/(.+)\n$/.exec(head) ?? [];
  if (branch === undefined) return head !== "";
  const [, section] = textOf(join(git, "config")).split(`[branch "${branch}"]\n`);
  if (section === undefined) return true;
  const followed = section.split("\n[")[0] ?? "";
  const isPlain = followed.includes("remote = origin\n") && followed.includes(`merge = refs/heads/${branch}\n`);
  const own = commitAt(git, `refs/heads/${branch}`);
  return isPlain && own !== null && own === commitAt(git, `refs/remotes/origin/${branch}`);
}

/** `.git` of the clone around a folder, where it is a folder: in a worktree and a submodule it is a file. */
function gitFolder(dir: string): string | null {
  const found = statSync(join(dir, ".git"), { throwIfNoEntry: false });
  if (found !== undefined) return join(dir, ".git");
  return dirname(dir) === dir ? null : gitFolder(dirname(dir));
}

function commitAt(git: string, ref: string): string | null {
  const loose = textOf(join(git, ref)).trim();
  if (loose !== "") return loose;
  const line = textOf(join(git, "packed-refs"))
    .split("\n")
    .find((candidate) => candidate.endsWith(` ${ref}`));
  return line?.split(" ")[0] ?? null;
}

/** Empty where there is no such file. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
