import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseManifest } from "../../schemas/document.ts";
import { validateModelDeployment } from "../../schemas/kinds.ts";
import type { ModelDeployment } from "../../schemas/model-deployment.ts";
import { paths } from "../../schemas/tree.ts";
import { runGit, type Stage } from "./stage.ts";
import { must, poll } from "./wait.ts";

/** How closely the branch is watched, in milliseconds: the precision of "commit on main". */
const watchMs = 2;

/** The commit that main is at on the GitHub of the demo; null before the first push. */
export function mainHead(stage: Stage): string | null {
  try {
    return readFileSync(join(stage.forge.gitDir, "refs", "heads", "main"), "utf8").trim();
  } catch {
    return null;
  }
}

/** Waits until main is somewhere else than at `from`; says where, and when that was seen (Unix time, milliseconds). */
export async function mainMoves(
  stage: Stage,
  from: string,
  signal: AbortSignal,
): Promise<{ readonly commit: string; readonly atMs: number }> {
  const look = (): { commit: string; atMs: number } | null => {
    const commit = mainHead(stage);
    return commit === null || commit === from ? null : { commit, atMs: Date.now() };
  };
  return poll(look, { what: "a commit on main", signal, everyMs: watchMs });
}

/** The deployment as a commit on main has it, read from the repository itself. */
export async function deploymentAt(stage: Stage, commit: string, model: string): Promise<ModelDeployment["spec"]> {
  const path = paths.deployment("dev", model);
  const { code, stdout } = await runGit(stage, ["--git-dir", stage.forge.gitDir, "show", `${commit}:${path}`]);
  must(code === 0, `main has no ${path}`);
  const { value, problems } = parseManifest(path, stdout, validateModelDeployment);
  must(value !== null, `${path} is invalid: ${problems[0]?.message ?? ""}`);
  return value.spec;
}

/** One commit of the environment's history. */
export interface LogEntry {
  readonly commit: string;
  /** Local time, `20:11:03`. */
  readonly time: string;
  readonly author: string;
  readonly subject: string;
  readonly files: readonly { readonly path: string; readonly added: number; readonly removed: number }[];
}

/** `git log` of the environment on main, oldest first. */
export async function environmentLog(stage: Stage): Promise<readonly LogEntry[]> {
  const format = "%x1e%h%x1f%ad%x1f%an%x1f%s";
  const args = ["log", "--reverse", "--date=format-local:%H:%M:%S", `--format=${format}`, "--numstat", "main"];
  const { code, stdout, stderr } = await runGit(stage, [
    "--git-dir",
    stage.forge.gitDir,
    ...args,
    "--",
    "environments/dev",
  ]);
  must(code === 0, `git log failed: ${stderr.trim()}`);
  return parseLog(stdout);
}

/** Reads `git log --numstat` with records that begin with U+001E and fields apart by U+001F. */
export function parseLog(text: string): readonly LogEntry[] {
  return text
    .split("\u001e")
    .slice(1)
    .map((record) => {
      const [head = "", ...lines] = record.split("\n");
      const [commit = "", time = "", author = "", subject = ""] = head.split("\u001f");
      const files = lines.flatMap((line) => {
        const [added, removed, path] = line.split("\t");
        return path === undefined ? [] : [{ path, added: Number(added) || 0, removed: Number(removed) || 0 }];
      });
      return { commit, time, author, subject, files };
    });
}
