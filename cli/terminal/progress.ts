import { oneLine } from "../../schemas/plain-text.ts";

/** Says on a terminal which step is running, once the person has waited for half a second. */
export interface Progress {
  /** Runs a step under its name. */
  during<T>(step: string, run: () => Promise<T>): Promise<T>;
  /**
   * Names what goes on from here without a pause, in which no timer fires: it stays until there is one. `isLong`: it is known to
   * take its time, so it is drawn at once.
   */
  mark(step: string, isLong?: boolean): void;
  /** Whoever draws a line of their own is not to be drawn over. */
  yieldTo(draw: () => void): void;
  /** Erases the line, for good. */
  stop(): void;
}

/** Nobody wonders before that. */
const patienceMs = 500;
const frameMs = 100;
const frames = Array.from("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏");

export interface ProgressParts {
  /** Draws a live line, or erases it with an empty one. */
  readonly live: (line: string) => void;
  /** Milliseconds. */
  readonly now: () => number;
  /** Calls again and again until it is told to stop. */
  readonly every: (ms: number, call: () => void) => () => void;
  /** Of the terminal, now. */
  readonly columns: () => number;
}

export function createProgress({ live, now, every, columns }: ProgressParts): Progress {
  const begun = now();
  const running = new Set<{ readonly step: string }>();
  let cancel: (() => void) | null = null;
  let isOver = false;
  let frame = 0;

  const erase = (): void => live("");
  function draw(step: string): void {
    const text = `${frames[frame % frames.length] ?? ""} ${oneLine(step, Math.max(columns() - 12, 8))}`;
    live(`${text} ${((now() - begun) / 1000).toFixed(1)} s`);
  }
  function tick(): void {
    frame++;
    const latest = [...running].at(-1);
    if (latest === undefined) erase();
    else if (now() - begun >= patienceMs) draw(latest.step);
  }
  function begin(step: string, isLong: boolean): void {
    if (isOver) return;
    cancel ??= every(frameMs, tick);
    if (isLong || now() - begun >= patienceMs) draw(step);
  }

  return {
    async during(step, run) {
      const entry = { step };
      running.add(entry);
      begin(step, false);
      try {
        return await run();
      } finally {
        running.delete(entry);
      }
    },
    mark: (step, isLong = false) => begin(step, isLong),
    yieldTo(drawOther) {
      cancel?.();
      isOver = true;
      drawOther();
    },
    stop() {
      cancel?.();
      isOver = true;
      erase();
    },
  };
}
