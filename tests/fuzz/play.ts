import { openPlayground, type Playground } from "./history.ts";

/** Histories that are played at a time, each in a repository of its own: one by itself waits more than it works. */
const width = 4;

/** After so many histories a repository is made anew: objects pile up in it. */
const longest = 250;

export interface Played {
  readonly seed: number;
  /** null: nothing was wrong. */
  readonly error: unknown;
}

/** Plays the histories of the seeds that `next` gives, until it gives null; `ended` is told of each, and of the runs in it. */
export async function playAll(
  next: () => number | null,
  ended: (played: Played) => Promise<void> | void,
  onEnd: (how: string) => void = () => {},
): Promise<void> {
  const worker = async () => {
    for (let seed = next(); seed !== null;) {
      await using playground = await openPlayground(onEnd);
      for (let count = 0; count < longest && seed !== null; count++, seed = next()) {
        await ended({ seed, error: await failureOf(playground, seed) });
      }
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
}

/** What a history comes to in a repository that nothing else was played in, all of it or some of its steps. */
export async function failureAlone(
  seed: number,
  places?: readonly number[],
  onEnd?: (how: string) => void,
): Promise<unknown> {
  await using playground = await openPlayground(onEnd);
  // Awaited here: else the repository would be gone first.
  return await failureOf(playground, seed, places);
}

/** What a history came to: null, or what was thrown. */
async function failureOf(playground: Playground, seed: number, places?: readonly number[]): Promise<unknown> {
  try {
    await playground.play(seed, places);
    return null;
  } catch (error) {
    return error;
  }
}
