/** One git command on a bare repository, apart from the machine's and the person's git configuration. */

export interface GitOutput {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface GitInput {
  readonly stdin?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
}

/** A git command that failed in a way that no caller foresaw: a bug here, or a broken repository. */
export class GitError extends Error {
  constructor(args: readonly string[], output: GitOutput) {
    super(`git ${args.join(" ")} ended with ${output.code}: ${output.stderr.trim()}`);
    this.name = "GitError";
  }
}

/**
 * The environment for git. Built up from nothing: GIT_DIR and its like are set where a hook or a rebase runs the
 * tests, and a person's configuration (signing, hooks, aliases, merge drivers) must not change what the server does.
 */
export function gitEnvironment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "",
    LC_ALL: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_TERMINAL_PROMPT: "0",
    ...extra,
  };
}

/** Runs git and reports how it ended, whatever that was. */
export async function tryGit(gitDir: string, args: readonly string[], input: GitInput = {}): Promise<GitOutput> {
  const child = Bun.spawn(["git", `--git-dir=${gitDir}`, ...args], {
    env: gitEnvironment(input.env),
    stdin: input.stdin === undefined ? "ignore" : Buffer.from(input.stdin),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, stdout, stderr };
}

/** Runs git and answers its standard output; throws {@link GitError} if it fails. */
export async function git(gitDir: string, args: readonly string[], input: GitInput = {}): Promise<string> {
  const output = await tryGit(gitDir, args, input);
  if (output.code !== 0) throw new GitError(args, output);
  return output.stdout;
}
