/**
 * `bun run fuzz [--minutes N] [--seed S] [--histories N]`: random histories of commands, alerts and people, each checked after
 * every call, and the whole fault matrix, in random order, until the time is up (15 minutes) or enough histories were played
 * (10,000). With --seed alone that one history is played, told step by step and cut down where it fails. The last line counts:
 * `N passed, N failed`.
 */
import { parseArgs } from "node:util";
import { countCalls, restlessTrials, runTrials, trialsOf, type NamedTrial } from "../cli/gitops/trust/matrix.ts";
import { seededRandom } from "../support/random.ts";
import type { Playground } from "./history.ts";
import { failureOf, playAll } from "./play.ts";
import { shrink } from "./shrink.ts";
import { describeStep, stepsOf } from "./steps.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string" },
    histories: { type: "string" },
    seed: { type: "string" },
  },
});

const say = (line: string) => void process.stdout.write(`${line}\n`);
const { seed, minutes, histories } = values;
const isSingle = seed !== undefined && histories === undefined && minutes === undefined;
const first = Number(seed ?? Math.floor(Math.random() * 2 ** 31));
const most = Number(histories ?? (isSingle ? 1 : 10_000));
const limitMs = isSingle ? Number.POSITIVE_INFINITY : Number(minutes ?? 15) * 60_000;
if (![first, most, limitMs].every((number) => number >= 0))
  throw new Error("--minutes, --seed and --histories are numbers");

const counts = { passed: 0, failed: 0 };
const started = performance.now();
const spent = (): number => performance.now() - started;

say(`seed ${first}`);
if (!isSingle) await playMatrix();
await playHistories();
say(`${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;

/** In random order and for no more than two fifths of the time: each run takes another part where it does not get through. */
async function playMatrix(): Promise<void> {
  const calls = await countCalls();
  const trials = [...[...calls].flatMap(([scenario, count]) => trialsOf(scenario, count)), ...restlessTrials()];
  const waiting = shuffled(trials, seededRandom(first));
  const batch = 50;
  let run = 0;
  while (waiting.length > 0 && spent() < limitMs * 0.4) {
    const chosen = waiting.splice(0, batch);
    const failures = await runTrials(chosen);
    for (const [name, error] of failures) say(`FAILED ${name}: ${wordsOf(error)}`);
    run += chosen.length;
    counts.failed += failures.size;
    counts.passed += chosen.length - failures.size;
  }
  say(`${run} of ${trials.length} faults were tried in ${seconds()} s`);
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
  await playAll(next, async ({ seed, error, playground }) => {
    played++;
    if (isSingle) for (const step of stepsOf(seededRandom(seed))) say(`  ${describeStep(step)}`);
    if (error === null) counts.passed++;
    else {
      counts.failed++;
      await tell(seed, error, playground);
    }
    if (played % 100 === 0) say(`${played} histories in ${seconds()} s`);
  });
  const rate = (played * 1000) / (spent() - from);
  say(`${played} histories, ${rate.toFixed(1)} a second`);
}

async function tell(seed: number, error: unknown, playground: Playground): Promise<void> {
  say(`FAILED history ${seed}: ${wordsOf(error)}`);
  const steps = stepsOf(seededRandom(seed));
  const fails = async (places: readonly number[]) => (await failureOf(playground, seed, places)) !== null;
  const places = await shrink(steps.length, fails);
  say(`  it fails with these steps alone (bun run fuzz --seed ${seed} plays all of it):`);
  for (const [place, step] of steps.entries()) if (places.includes(place)) say(`    ${place}: ${describeStep(step)}`);
  if (isSingle) say(Bun.inspect(error, { depth: 4 }));
}

/** Without the colours of `expect`. */
function wordsOf(error: unknown): string {
  return Bun.stripANSI(error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, " | ");
}

function seconds(): string {
  return (spent() / 1000).toFixed(0);
}
