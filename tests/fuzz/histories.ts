/**
 * Random histories of commands, alerts and people, each checked after every call, and the whole fault matrix, in random order.
 * What fails is tried again by itself, five times: a broken promise is broken again; what is not once
 * was the machine's doing, and is told but not counted.
 */
import { countCalls, restlessTrials, runTrials, trialsOf, type NamedTrial } from "../cli/gitops/trust/matrix.ts";
import { seededRandom } from "../support/random.ts";
import { say, type Counts, type FuzzJob } from "./job.ts";
import { failureAlone, playAll } from "./play.ts";
import { shrink } from "./shrink.ts";
import { describeStep, stepsOf } from "./steps.ts";

/** Tries faults and plays histories until the time is up, or enough of them were played. */
export async function fuzzHistories(job: FuzzJob): Promise<Counts> {
  const run = startRun(job);
  if (!job.isSingle) await playMatrix(run);
  await playHistories(run);
  return run.counts;
}

/** Tries the faults of the matrix that have this in their names. */
export async function fuzzFaults(job: FuzzJob, name: string): Promise<Counts> {
  const run = startRun(job);
  await tryAll(
    run,
    (await everyTrial()).filter((trial) => trial.name.includes(name)),
  );
  return run.counts;
}

interface Run extends FuzzJob {
  readonly counts: Counts;
  /** Milliseconds so far. */
  spent(): number;
}

function startRun(job: FuzzJob): Run {
  const started = performance.now();
  return { ...job, counts: { passed: 0, failed: 0 }, spent: () => performance.now() - started };
}

/** In random order and for no more than two fifths of the time: each run takes another part where it does not get through. */
async function playMatrix(run: Run): Promise<void> {
  const random = seededRandom(run.seed);
  const all = await everyTrial();
  const onGitHub = shuffled(
    all.filter(({ scenario }) => scenario.over === "github"),
    random,
  );
  // Each takes as long as ten others, so fewer of them are in a batch.
  const onGit = shuffled(
    all.filter(({ scenario }) => scenario.over === "git"),
    random,
  );
  let tried = 0;
  while (onGitHub.length + onGit.length > 0 && run.spent() < run.limitMs * 0.4) {
    tried += await tryAll(run, [...onGitHub.splice(0, 47), ...onGit.splice(0, 3)]);
  }
  say(`${tried} of ${all.length} faults were tried in ${seconds(run)} s`);
}

async function everyTrial(): Promise<readonly NamedTrial[]> {
  const calls = await countCalls();
  return [...[...calls].flatMap(([scenario, count]) => trialsOf(scenario, count)), ...restlessTrials()];
}

async function tryAll(run: Run, trials: readonly NamedTrial[]): Promise<number> {
  const failures = await runTrials(trials);
  for (const [name, error] of failures) {
    const those = trials.filter((trial) => trial.name === name);
    const again = await firstOf(async () => ((await runTrials(those)).size > 0 ? true : null));
    say(`${again === null ? "NOT AGAIN" : "FAILED"} ${name}: ${wordsOf(error)}`);
    say(`  bun run fuzz --fault ${JSON.stringify(name)} tries it`);
    if (again !== null) run.counts.failed++;
  }
  run.counts.passed += trials.length - failures.size;
  return trials.length;
}

function shuffled(trials: readonly NamedTrial[], random: () => number): NamedTrial[] {
  return trials
    .map((trial) => ({ trial, order: random() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ trial }) => trial);
}

async function playHistories(run: Run): Promise<void> {
  const from = run.spent();
  let started = 0;
  let played = 0;
  const next = () => (started < run.most && run.spent() < run.limitMs ? run.seed + started++ : null);
  await playAll(next, async ({ seed, error }) => {
    played++;
    if (run.isSingle) for (const step of stepsOf(seededRandom(seed))) say(`  ${describeStep(step)}`);
    if (error === null) run.counts.passed++;
    else await tell(run, seed, error);
    if (played % 100 === 0) say(`${played} histories in ${seconds(run)} s`);
  });
  const rate = (played * 1000) / (run.spent() - from);
  say(`${played} histories, ${rate.toFixed(1)} a second`);
}

async function tell(run: Run, seed: number, error: unknown): Promise<void> {
  const again = await firstOf(() => failureAlone(seed));
  if (again === null) {
    say(`NOT AGAIN history ${seed}: ${wordsOf(error)} (bun run fuzz --seed ${seed} plays it)`);
    return;
  }
  run.counts.failed++;
  const steps = stepsOf(seededRandom(seed));
  const fails = async (places: readonly number[]) => (await failureAlone(seed, places)) !== null;
  const places = await shrink(steps.length, fails);
  const few = [...steps.entries()].filter(([place]) => places.includes(place));
  // At once: other histories may be failing beside it.
  say(
    [
      `FAILED history ${seed}: ${wordsOf(again)}`,
      `  it fails with these steps alone (bun run fuzz --seed ${seed} plays all of it):`,
      ...few.map(([place, step]) => `    ${place}: ${describeStep(step)}`),
    ].join("\n"),
  );
  if (run.isSingle) say(Bun.inspect(again, { depth: 4 }));
}

/** Without the colours of `expect`. */
function wordsOf(error: unknown): string {
  return Bun.stripANSI(error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, " | ");
}

function seconds(run: Run): string {
  return (run.spent() / 1000).toFixed(0);
}

/** What one of five tries comes to; null where none comes to anything. */
async function firstOf<T>(attempt: () => Promise<T | null>): Promise<T | null> {
  for (let left = 5; left > 0; left--) {
    const outcome = await attempt();
    if (outcome !== null) return outcome;
  }
  return null;
}
