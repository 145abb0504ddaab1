import { createProgress, type Progress } from "./progress.ts";
import type { Stderr } from "./stderr.ts";

/** A terminal that is drawn on: the progress of the command, or a line of its own. */
export interface LiveTerminal {
  readonly progress: Progress;
  /** Draws a command's own line instead of the progress; an empty one erases it. */
  live(line: string): void;
  /** Nothing is drawn any more. */
  close(): void;
}

const signals = ["SIGINT", "SIGTERM"] as const;

/**
 * Draws on stderr. From the first line on Ctrl-C erases what is drawn, and then ends the process as it does where nobody catches
 * it; if the command catches it too, what comes next is the command's affair.
 */
export function openLiveTerminal(stderr: Stderr): LiveTerminal {
  let isCaught = false;
  function erase(signal: NodeJS.Signals): void {
    progress.stop();
    stderr.live("");
    if (process.listenerCount(signal) > 1) return;
    release();
    process.kill(process.pid, signal);
  }
  function draw(line: string): void {
    if (line !== "" && !isCaught) for (const signal of signals) process.on(signal, erase);
    isCaught ||= line !== "";
    stderr.live(line);
  }
  function release(): void {
    for (const signal of signals) process.off(signal, erase);
  }
  const progress = createProgress({
    live: draw,
    now: () => performance.now(),
    every(ms, call) {
      const timer = setInterval(call, ms);
      // A line that is drawn is no reason to go on.
      timer.unref();
      return () => clearInterval(timer);
    },
    columns: () => process.stderr.columns || 80,
  });
  return {
    progress,
    live: (line) => progress.yieldTo(() => draw(line)),
    close() {
      progress.stop();
      release();
    },
  };
}
