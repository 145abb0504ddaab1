/**
 * `bun run fuzz [--minutes N] [--seed S] [--histories N]`: random histories of commands, alerts and people, each checked after
 * every call, and the whole fault matrix, in random order, until the time is up (15 minutes) or enough histories were played
 * (10,000). With --seed alone that one history is played, told step by step and cut down where it fails; `--fault NAME` tries
 * the faults of the matrix that have this in their names. What fails is tried again by itself, five times: a broken promise is
 * broken again; what is not once was the machine's doing, and is told but not counted. The last line
 * counts: `N passed, N failed`.
 */
import { parseArgs } from "node:util";
import { countCalls, restlessTrials, runTrials, trialsOf, type NamedTrial } from "../cli/gitops/trust/matrix.ts";
import { seededRandom } from "../support/random.ts";
import { failureAlone, playAll } from "./play.ts";
import { shrink } from "./shrink.ts";
import { describeStep, stepsOf } from "./steps.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string" },
    histories: { type: "string" },
    seed: { type: "string" },
    fault: { type: "string" },
  },
});

const say = (line: string) => void process.stdout.write(`${line}\n`);
const { seed, minutes, histories, fault } = values;
const isSingle = seed !== undefined && histories === undefined && minutes === undefined;
const first = Number(seed ?? Math.floor(Math.random() * 2 ** 31));
const most = Number(histories ?? (isSingle ? 1 : 10_000));
const limitMs = isSingle ? Number.POSITIVE_INFINITY : Number(minutes ?? 15) * 60_000;
if (![first, most, limitMs].every((number) => number >= 0))
  throw new Error("--minutes, --seed and --histories are numbers");

const counts = { passed: 0, failed: 0 };
const started = performance.now();
const spent = (): number => performance.now() - started;

if (fault !== undefined) await tryFaults(fault);
else {
  say(`seed ${first}`);
  if (!isSingle) await playMatrix();
  await playHistories();
}
say(`${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;

/** In random order and for no more than two fifths of the time: each run takes another part where it does not get through. */
async function playMatrix(): Promise<void> {
  const random = seededRandom(first);
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
  let run = 0;
  while (onGitHub.length + onGit.length > 0 && spent() < limitMs * 0.4) {
    run += await tryAll([...onGitHub.splice(0, 47), ...onGit.splice(0, 3)]);
  }
  say(`${run} of ${all.length} faults were tried in ${seconds()} s`);
}

async function tryFaults(name: string): Promise<void> {
  await tryAll((await everyTrial()).filter((trial) => trial.name.includes(name)));
}

async function everyTrial(): Promise<readonly NamedTrial[]> {
  const calls = await countCalls();
  return [...[...calls].flatMap(([scenario, count]) => trialsOf(scenario, count)), ...restlessTrials()];
}

async function tryAll(trials: readonly NamedTrial[]): Promise<number> {
  const failures = await runTrials(trials);
  for (const [name, error] of failures) {
    const those = trials.filter((trial) => trial.name === name);
    const again = await firstOf(async () => ((await runTrials(those)).size > 0 ? true : null));
    say(`${again === null ? "NOT AGAIN" : "FAILED"} ${name}: ${wordsOf(error)}`);
    say(`  bun run fuzz --fault ${JSON.stringify(name)} tries it`);
    if (again !== null) counts.failed++;
  }
  counts.passed += trials.length - failures.size;
  return trials.length;
}

function shuffled(trials: readonly NamedTrial[], random: () => number): NamedTrial[] {
  return trials
    .map((trial) => ({ trial, order: random() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ trial }) => trial);
}

async function playHistories(): Promise<void> {
  const from = spent();
  let started = 0;
  let played = 0;
  const next = () => (started < most && spent() < limitMs ? first + started++ : null);
  await playAll(next, async ({ seed, error }) => {
    played++;
    if (isSingle) for (const step of stepsOf(seededRandom(seed))) say(`  ${describeStep(step)}`);
    if (error === null) counts.passed++;
    else await tell(seed, error);
    if (played % 100 === 0) say(`${played} histories in ${seconds()} s`);
  });
  const rate = (played * 1000) / (spent() - from);
  say(`${played} histories, ${rate.toFixed(1)} a second`);
}

async function tell(seed: number, error: unknown): Promise<void> {
  const again = await firstOf(() => failureAlone(seed));
  if (again === null) {
    say(`NOT AGAIN history ${seed}: ${wordsOf(error)} (bun run fuzz --seed ${seed} plays it)`);
    return;
  }
  counts.failed++;
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
  if (isSingle) say(Bun.inspect(again, { depth: 4 }));
}

/** What one of five tries comes to; null where none comes to anything. */
async function firstOf<T>(attempt: () => Promise<T | null>): Promise<T | null> {
  for (let left = 5; left > 0; left--) {
    const outcome = await attempt();
    if (outcome !== null) return outcome;
  }
  return null;
}

/** Without the colours of `expect`. */
function wordsOf(error: unknown): string {
  return Bun.stripANSI(error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, " | ");
}

function seconds(): string {
  return (spent() / 1000).toFixed(0);
}
