import { fail } from "../../../schemas/problem.ts";

export interface GitProcess {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Written to its standard input, which then ends. */
  readonly input?: Uint8Array | string;
  /** Milliseconds after which it is ended; without, as long as it takes. */
  readonly timeoutMs?: number;
  /** Said where git cannot be started. */
  readonly missingHint: string;
}

/** What git came to, and what it said. */
export interface GitResult {
  readonly ok: boolean;
  readonly stdout: Uint8Array;
  readonly stderr: string;
  readonly timedOut: boolean;
}

/** Runs git to its end. Throws a ProblemError only where it cannot be started. */
export async function runGitProcess(args: readonly string[], options: GitProcess): Promise<GitResult> {
  const child = start(args, options);
  let timedOut = false;
  const end = (): void => {
    timedOut = true;
    killGroup(child.pid);
  };
  const timer = options.timeoutMs === undefined ? undefined : setTimeout(end, options.timeoutMs);
  const [stdout, stderr, code] = await Promise.all([child.stdout.bytes(), child.stderr.text(), child.exited]);
  clearTimeout(timer);
  return { ok: code === 0, stdout, stderr, timedOut };
}

function start(args: readonly string[], { env, input = "", timeoutMs, missingHint }: GitProcess) {
  try {
    const stdin = typeof input === "string" ? Buffer.from(input) : input;
    // Apart from the terminal only where it is ended from here: else Ctrl-C ends it, too.
    const detached = timeoutMs !== undefined;
    return Bun.spawn(["git", ...args], { env, stdin, stdout: "pipe", stderr: "pipe", detached });
  } catch (cause) {
    return fail({ code: "git-missing", message: "git cannot be started", hint: missingHint }, { cause });
  }
}

/** git's helpers outlive it and hold its pipes open, so all of them are ended: the group that `detached` made. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}
