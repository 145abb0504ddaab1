/** Moves refs through one long-lived `git update-ref --stdin`: its locks and checks, without a process for each move. */
import { gitEnvironment } from "./run.ts";
import { bufferStream } from "./stream.ts";

export interface RefUpdater {
  /**
   * Runs commands of `update-ref --stdin` as one transaction. False: nothing was done, and git has ended over it without
   * saying why where it can be read; whoever wants to know runs them again by themselves.
   */
  commit(commands: string): Promise<boolean>;
  close(): Promise<void>;
}

export function openRefUpdater(gitDir: string): RefUpdater {
  let running: ReturnType<typeof start> | null = null;
  let last: Promise<unknown> = Promise.resolve();

  async function transact(commands: string): Promise<boolean> {
    const { child, input } = (running ??= start(gitDir));
    try {
      await child.stdin.write(`start\n${commands}prepare\ncommit\n`);
      await child.stdin.flush();
      for (const step of ["start", "prepare", "commit"]) {
        if ((await input.line()) !== `${step}: ok`) throw new Error("update-ref refused");
      }
      return true;
    } catch {
      running = null;
      child.kill();
      await child.exited;
      return false;
    }
  }

  return {
    commit(commands) {
      const done = last.then(() => transact(commands));
      last = done;
      return done;
    },
    async close() {
      await last;
      await running?.child.stdin.end();
      await running?.child.exited;
    },
  };
}

function start(gitDir: string) {
  const child = Bun.spawn(["git", `--git-dir=${gitDir}`, "update-ref", "--stdin"], {
    env: gitEnvironment(),
    stdin: "pipe",
    stdout: "pipe",
    stderr: "ignore",
  });
  return { child, input: bufferStream(child.stdout) };
}
