import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "../../../schemas/problem.ts";
import type { Source, SourceState } from "../../core/ports.ts";
import { createGit, requireGit, type Git } from "./git.ts";
import { readBlob, readFiles } from "./git-commit.ts";
import { parseRemote } from "./remote.ts";

export interface GitSourceOptions {
  /** Anything that git fetches from. Credentials in it are taken out and never shown. */
  readonly url: string;
  readonly branch: string;
  /** A folder of this source alone. What it holds is served when the remote is away at the start. */
  readonly cacheDir: string;
  /** Milliseconds between looks at the remote branch. */
  readonly pollMs: number;
  /** For http and https: one that stays, or the one that holds now. */
  readonly token?: string | (() => Promise<string>);
  /** The name that goes with the token, where the server looks at it; default that of GitHub's tokens. */
  readonly user?: string;
  /** Milliseconds for one git command. Default 60,000. */
  readonly timeoutMs?: number;
}

/**
 * Follows a branch of a git remote, wherever it is moved to. The last commit is kept in a bare repository, so that a
 * gateway starts without the remote; documents and artifacts are read from that very commit.
 */
export function gitSource(options: GitSourceOptions): Source {
  const { branch, cacheDir, pollMs, timeoutMs = 60_000 } = options;
  const remote = parseRemote(options.url);
  const git = createGit({ gitDir: cacheDir, timeoutMs, config: {}, secrets: remote.secrets });
  const online = async (): Promise<Git> => {
    const token = typeof options.token === "function" ? await options.token() : options.token;
    const { config, secrets } = parseRemote(options.url, token, options.user);
    return createGit({ gitDir: cacheDir, timeoutMs, config, secrets });
  };
  const mirror = createMirror({ git, online, cacheDir, url: remote.url, ref: `refs/heads/${checkBranch(branch)}` });
  const alone = oneAtATime();
  /** What is known of the remote; `cached`: it was away at the start, and the cache stood in. */
  let remoteIs: "unknown" | "cached" | "up" | "down" = "unknown";
  let lastRead: string | null = null;

  async function read(): Promise<SourceState> {
    await mirror.prepare();
    try {
      await mirror.fetch();
      remoteIs = "up";
    } catch (error) {
      // At the start the cache is the last good state; later the caller holds it, and is told.
      remoteIs = remoteIs === "unknown" ? "cached" : "down";
      if (remoteIs === "down" || (await mirror.head()) === null) throw error;
    }
    const commit = await mirror.head();
    if (commit === null)
      return fail({
        code: "git-failed",
        message: `${branch} has no commit`,
        hint: "push a commit to it, or name another with MMSP_GIT_BRANCH",
      });
    const files = await readFiles(git, commit);
    lastRead = commit;
    return { revision: commit, files, readFile: (path) => readBlob(git, commit, path) };
  }

  /** True where the branch moved since it was read, or the remote went away or came back. */
  async function changed(): Promise<boolean> {
    try {
      await mirror.prepare();
      const commit = await mirror.remoteHead();
      return remoteIs !== "up" || commit !== lastRead;
    } catch {
      return remoteIs !== "down";
    }
  }

  return {
    description: `git ${remote.url} ${branch}`,
    read: () => alone(read),
    watch: (onChange) => pollUntilStopped(pollMs, () => alone(changed), onChange),
  };
}

const mirrored = "refs/mmsp/head";

interface MirrorOptions {
  readonly git: Git;
  /** git with the credentials of the remote, as they are now. */
  readonly online: () => Promise<Git>;
  readonly cacheDir: string;
  readonly url: string;
  readonly ref: string;
}

/** A bare repository that holds the newest commit of one remote branch. */
function createMirror({ git, online, cacheDir, url, ref }: MirrorOptions) {
  let prepared = false;
  return {
    async prepare(): Promise<void> {
      if (prepared) return;
      await requireGit();
      await mkdir(cacheDir, { recursive: true });
      await removeLocks(cacheDir);
      await git.run(["init", "--quiet", "--bare", cacheDir]);
      prepared = true;
    },
    /** Only the commit itself: history is of no use here. Forced, as the branch may be rewritten. */
    async fetch(): Promise<void> {
      const refspec = `+${ref}:${mirrored}`;
      try {
        await (
          await online()
        ).run(["fetch", "--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head", url, refspec]);
      } catch (error) {
        // It may have been stopped in the middle, with its locks in place.
        prepared = false;
        throw error;
      }
    },
    async head(): Promise<string | null> {
      const found = await git.text(["for-each-ref", "--format=%(objectname)", mirrored]);
      return found === "" ? null : found;
    },
    async remoteHead(): Promise<string | null> {
      const lines = (await (await online()).text(["ls-remote", "--exit-code", url, ref])).split("\n");
      return lines.find((line) => line.endsWith(`\t${ref}`))?.split("\t")[0] ?? null;
    },
  };
}

/** Looks again after each pause. */
function pollUntilStopped(pollMs: number, changed: () => Promise<boolean>, onChange: () => void): () => void {
  let stopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = async (): Promise<void> => {
    const news = await changed();
    if (stopped) return;
    if (news) onChange();
    timer = setTimeout(() => void look(), pollMs);
  };
  timer = setTimeout(() => void look(), pollMs);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

/** A name that git takes for nothing but a branch. */
function checkBranch(branch: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9._/-]*$/.test(branch) && !/\.\.|\/\/|\/$|\.$|\.lock(\/|$)|\/\./.test(branch))
    return branch;
  return fail({
    code: "branch-name",
    message: `${JSON.stringify(branch)} is not a branch name`,
    hint: "name one such as main with MMSP_GIT_BRANCH",
  });
}

/** A killed process leaves its locks behind, and the folder is ours alone. */
async function removeLocks(cacheDir: string): Promise<void> {
  for (const folder of [cacheDir, join(cacheDir, "refs", "mmsp")]) {
    for (const name of await readdir(folder).catch(() => [])) {
      if (name.endsWith(".lock")) await rm(join(folder, name), { force: true });
    }
  }
}

/** git locks its repository, so reads and looks take turns. */
function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
}
