/**
 * Random HTTP requests to the gateway, in bursts. A burst follows from its seed, but which version the gateway chooses and who meets
 * whom in a batch does not: every failure counts, whether it comes again or not.
 */
import { say, type Counts, type FuzzJob } from "../job.ts";
import { shrink } from "../shrink.ts";
import { burstOf, startInputGateway, type Failure, type InputGateway } from "./bursts.ts";
import { width } from "./seeds.ts";
import { describeCase, mostTold, playsAgain, sayPace } from "./tell.ts";

/** After so many cases a gateway is started anew. */
const longest = 100_000;

/** Sends bursts until the time is up, or enough cases were sent. */
export async function fuzzHttp(job: FuzzJob): Promise<Counts> {
  const started = performance.now();
  const spent = (): number => performance.now() - started;
  const counts = { passed: 0, failed: 0 };
  const statuses = new Map<number, number>();
  let seed = job.seed;
  const goesOn = (): boolean => counts.passed + counts.failed < job.most && spent() < job.limitMs;
  while (goesOn()) {
    await using gateway = await startInputGateway("triton",(status) => statuses.set(status, (statuses.get(status) ?? 0) + 1));
    const until = counts.passed + counts.failed + longest;
    while (goesOn() && counts.passed + counts.failed < until) {
      const seeds = job.isSingle ? [seed++] : Array.from({ length: width }, () => seed++);
      await Promise.all(seeds.map((one) => playBurst(gateway, one, job.isSingle, counts)));
    }
    for (const complaint of await gateway.complaints()) {
      counts.failed++;
      say(`FAILED ${complaint}`);
    }
  }
  const sent = counts.passed + counts.failed;
  sayPace("requests", sent, spent(), statuses);
  return counts;
}

async function playBurst(gateway: InputGateway, seed: number, isSingle: boolean, counts: Counts): Promise<void> {
  const burst = burstOf(seed);
  if (isSingle) for (const [place, one] of burst.entries()) say(`  ${place}: ${describeCase(one)}`);
  const failures = await gateway.play(burst);
  counts.passed += burst.length - failures.length;
  for (const failure of failures) {
    if (counts.failed++ < mostTold) await tell(seed, failure);
  }
}

/** With the few requests of its burst that it fails beside, where it fails again. */
async function tell(seed: number, { place, case: failed, what }: Failure): Promise<void> {
  const burst = burstOf(seed);
  await using gateway = await startInputGateway("triton");
  const fails = async (places: readonly number[]) =>
    (await gateway.play(burst, places)).some((one) => one.place === place);
  const again = await fails([...burst.keys()]);
  const places = again ? await shrink(burst.length, fails) : [];
  const beside = places.flatMap((other) => burst.filter((_, at) => at === other && at !== place));
  say(
    [
      `FAILED request ${place} of burst ${seed}: ${what}`,
      `  ${playsAgain(seed)}${again ? "" : "; it did not fail again"}`,
      `  ${describeCase(failed)}`,
      ...beside.map((one) => `  beside ${describeCase(one)}`),
    ].join("\n"),
  );
}
