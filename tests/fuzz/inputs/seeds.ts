import { say, type Counts, type FuzzJob } from "../job.ts";
import { mostTold, playsAgain } from "./tell.ts";

/** Seeds that are played at a time. */
export const width = 3;

/** What came of the cases of one seed. */
export interface Played {
  readonly played: number;
  readonly failures: readonly string[];
}

/** Plays the cases of one seed after another until the time is up, or enough cases were played, and tells what failed. */
export async function playSeeds(job: FuzzJob, play: (seed: number) => Promise<Played>): Promise<Counts> {
  const started = performance.now();
  const counts: Counts = { passed: 0, failed: 0 };
  let { seed } = job;
  const goesOn = (): boolean => counts.passed + counts.failed < job.most && performance.now() - started < job.limitMs;
  while (goesOn()) {
    const seeds = job.isSingle ? [seed++] : Array.from({ length: width }, () => seed++);
    await Promise.all(
      seeds.map(async (one) => {
        const { played, failures } = await play(one);
        // A case can fail in several ways.
        counts.passed += Math.max(0, played - failures.length);
        for (const failure of failures) {
          if (counts.failed++ < mostTold) say(`FAILED ${failure}\n  ${playsAgain(one)}`);
        }
      }),
    );
  }
  return counts;
}
