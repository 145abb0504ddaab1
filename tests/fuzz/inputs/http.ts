/**
 * Random HTTP requests to the gateway, in bursts. A burst follows from its seed, but which version the gateway chooses and who meets
 * whom in a batch does not: every failure counts, whether it comes again or not.
 */
import { say, type FuzzJob } from "../job.ts";
import { shrink } from "../shrink.ts";
import { burstOf, startInputGateway, type Failure, type InputGateway } from "./bursts.ts";
import { createFamilies, type Families } from "./families.ts";
import type { InputCase } from "./exchange.ts";
import { width } from "./seeds.ts";
import { describeCase, mostTold, playsAgain, sayPace } from "./tell.ts";
import { backendOf, backends } from "./worlds.ts";

/** After so many cases gateways are started anew. */
const longest = 100_000;

interface Played {
  readonly families: Families;
  sent: number;
  failed: number;
}

/** Sends bursts until the time is up, or enough cases were sent. Each seed is one gateway's. */
export async function fuzzHttp(job: FuzzJob): Promise<Families> {
  const started = performance.now();
  const spent = (): number => performance.now() - started;
  const played: Played = { families: createFamilies(), sent: 0, failed: 0 };
  const statuses = new Map<number, number>();
  const onAnswer = (status: number) => void statuses.set(status, (statuses.get(status) ?? 0) + 1);
  let { seed } = job;
  const goesOn = (): boolean => played.sent < job.most && spent() < job.limitMs;
  while (goesOn()) {
    await using embedded = await startInputGateway("embedded", onAnswer);
    await using triton = await startInputGateway("triton", onAnswer);
    const gateways = { embedded, triton };
    const until = played.sent + longest;
    while (goesOn() && played.sent < until) {
      const seeds = job.isSingle ? [seed++] : Array.from({ length: width }, () => seed++);
      await Promise.all(seeds.map((one) => playBurst(gateways[backendOf(one)], one, job.isSingle, played)));
    }
    for (const backend of backends) {
      for (const complaint of await gateways[backend].complaints()) {
        played.families.add(`${backend}, afterwards`, false);
        say(`FAILED ${complaint}`);
      }
    }
  }
  sayPace("requests", played.sent, spent(), statuses);
  return played.families;
}

function familyOf({ kind, leavesAfterMs }: InputCase): string {
  const isBroken = kind.includes(", broken by");
  const body = kind.startsWith("binary") ? "binary tensors" : "JSON";
  return `${body}${isBroken ? ", broken" : ""}${leavesAfterMs === null ? "" : ", left"}`;
}

async function playBurst(gateway: InputGateway, seed: number, isSingle: boolean, played: Played): Promise<void> {
  const burst = burstOf(seed);
  if (isSingle) for (const [place, one] of burst.entries()) say(`  ${place}: ${describeCase(one)}`);
  const failures = await gateway.play(burst);
  const failed = new Set(failures.map(({ place }) => place));
  for (const [place, one] of burst.entries()) {
    played.families.add(`${gateway.backend}, ${familyOf(one)}`, !failed.has(place));
  }
  played.sent += burst.length;
  for (const failure of failures) {
    if (played.failed++ < mostTold) await tell(seed, failure);
  }
}

/** With the few requests of its burst that it fails beside, where it fails again. */
async function tell(seed: number, { place, case: failed, what }: Failure): Promise<void> {
  const burst = burstOf(seed);
  await using gateway = await startInputGateway(backendOf(seed));
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
