import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Signals that end a process and can be seen coming. */
const endings = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * A folder for files that a command needs only while it runs. It is removed when disposed of, and where the process ends before
 * that: by itself, or by Ctrl-C, which then still ends it as it would have.
 */
export function temporaryFolder(prefix: string): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), prefix));
  const remove = (): void => rmSync(path, { recursive: true, force: true });
  const onSignal = (signal: NodeJS.Signals): void => {
    remove();
    stop();
    // With the handler gone the signal does what it does to every process.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  const stop = (): void => {
    process.off("exit", remove);
    for (const name of endings) process.off(name, onSignal);
  };
  process.on("exit", remove);
  for (const name of endings) process.on(name, onSignal);
  return {
    path,
    [Symbol.dispose]() {
      stop();
      remove();
    },
  };
}
