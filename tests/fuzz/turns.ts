/**
 * Lets the calls of several writers through one at a time, in an order that a seed decides: the next one is chosen when each
 * writer that is not done has come with a call. So the same seed is the same interleaving, however busy the machine is.
 */

export interface Turns {
  /** Runs the writers; each has to make its calls in its own name. Resolves when all are done. */
  run(writers: ReadonlyMap<string, () => Promise<void>>, chosen: () => Promise<void>): Promise<void>;
  /** To be awaited before a call of a writer takes effect. */
  arrive(writer: string): Promise<void>;
}

interface Waiting {
  readonly writer: string;
  readonly go: () => void;
}

export function createTurns(random: () => number): Turns {
  const active = new Set<string>();
  let waiting: Waiting[] = [];
  /** Before a call that was chosen: what people do then. */
  let before: () => Promise<void> = () => Promise.resolve();
  let failed: (error: unknown) => void = () => {};

  function next(): void {
    const writers = new Set(waiting.map(({ writer }) => writer));
    if (writers.size === 0 || writers.size < active.size) return;
    const names = [...writers].toSorted();
    const name = names[Math.floor(random() * names.length)];
    const turn = waiting.find(({ writer }) => writer === name);
    if (turn === undefined) return;
    waiting = waiting.filter((other) => other !== turn);
    before().then(turn.go, failed);
  }

  return {
    async run(writers, chosen) {
      before = chosen;
      for (const name of writers.keys()) active.add(name);
      const broken = new Promise<never>((_, reject) => (failed = reject));
      const all = [...writers].map(async ([name, write]) => {
        try {
          await write();
        } finally {
          active.delete(name);
          next();
        }
      });
      await Promise.race([Promise.all(all), broken]);
    },
    arrive(writer) {
      if (!active.has(writer)) return Promise.resolve();
      return new Promise((resolve) => {
        waiting.push({ writer, go: resolve });
        next();
      });
    },
  };
}
