/**
 * `bun run soak [--minutes N] [--rate R] [--real-triton]`: two gateways, one with the models in itself and one with two model
 * servers behind it (made up, or real ones), each a process of its own under steady load (30 minutes, 300 requests a second), while
 * versions are swapped, documents broken, canaries fail and the model servers have the hiccups of `shaky-line.ts`, all of which two
 * replicas can hide; then each is stopped under load, and killed. Prints a table, and ends with 1 where a promise was broken.
 */
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { installTriton } from "../e2e/support/triton-server.ts";
import type { GatewayProcess } from "../support/gateway-process.ts";
import { makeChanges, statusOf, type Status } from "./changes.ts";
import { startGauge, type Sample } from "./gauge.ts";
import { startLoad, type Load } from "./load.ts";
import { judgeHandles, judgeMemory, renderPromises, type Kept } from "./promises.ts";
import { createTroubles } from "./troubles.ts";
import { embeddedWorld, tritonWorld, type World } from "./worlds.ts";

const { values } = parseArgs({
  options: { minutes: { type: "string" }, rate: { type: "string" }, "real-triton": { type: "boolean" } },
});
const minutes = Number(values.minutes ?? 30);
const rate = Number(values.rate ?? 300);
if (!(minutes > 0 && rate > 0)) throw new Error("--minutes and --rate are numbers above 0");

/** Between two changes of what is served. */
const changeMs = 3000;

const say = (line: string) => void process.stdout.write(`${line}\n`);

await using embedded = await embeddedWorld();
await using triton = await tritonWorld(values["real-triton"] === true ? { program: await installTriton() } : {});
const worlds = [embedded, triton];
const promises = await Promise.all(worlds.map(soak));
for (const [at, world] of worlds.entries()) promises[at]?.push(...(await drainAndKill(world)));
for (const [at, { name }] of worlds.entries()) say(`\n${name}\n${renderPromises(promises[at] ?? [])}`);
process.exitCode = promises.flat().some(({ kept }) => kept === false) ? 1 : 0;

/** Load, changes and hiccups for as long as was asked. */
async function soak({ name, gitDir, lines, start }: World): Promise<Kept[]> {
  await using gateway = await start();
  const changes = makeChanges(gitDir, gateway.url);
  const gauge = startGauge(gateway.pid);
  const load = startLoad(gateway, rate);
  const troubles = lines === null ? null : createTroubles(lines, gateway.url, load);
  const change = async (): Promise<void> => {
    await changes.swap();
    await changes.roll();
  };
  const started = performance.now();
  const spent = (): number => (performance.now() - started) / 60_000;
  for (let told = 1; spent() < minutes;) {
    await Bun.sleep(changeMs);
    await (troubles === null ? change() : troubles.during(change, changes.served));
    if (spent() < told) continue;
    say(progress(name, told++, gauge.samples, load));
  }
  await load.stop();
  gauge.stop();
  const { swaps, broken, canaries, cuts } = changes.counts;
  const done = `${swaps} versions swapped, ${broken} documents broken, ${canaries} canaries, ${cuts} of them cut`;
  return [
    noFailure(
      { name, gateway },
      "no request failed under load",
      load,
      `${done}; ${load.standIns()} answered for by stable`,
    ),
    {
      promise: "every way of asking was taken",
      kept: [...load.ways.values()].every((count) => count > 0),
      figure: [...load.ways].map(([way, count]) => `${count} ${way}`).join(", "),
    },
    {
      promise: "canaries were cut by the guard",
      kept: cuts > 0 && load.standIns() > 0,
      figure: `${cuts} of ${canaries}`,
    },
    ...(troubles === null ? [] : [troubles.promise()]),
    judgeMemory(gauge.samples),
    judgeHandles(gauge.samples),
  ];
}

/** SIGTERM under load, a start with a cut that git does not know yet, kill -9, and a start while the remote is away. */
async function drainAndKill({ name, gitDir, start }: World): Promise<readonly Kept[]> {
  const first = await start();
  const draining = startLoad(first, rate);
  await makeChanges(gitDir, first.url).leaveCut();
  draining.expectEnd();
  const code = await first.terminate();
  await draining.stop();
  const drained = noFailure(
    { name, gateway: first },
    "SIGTERM under load fails no request",
    draining,
    `exit code ${code}`,
  );

  const second = await start();
  const before = await statusOf(second.url);
  await second.kill();
  renameSync(gitDir, `${gitDir}.away`);
  await using third = await start();
  const after = await statusOf(third.url);
  const load = startLoad(third, rate);
  await Bun.sleep(changeMs);
  await load.stop();
  const same = Bun.deepEquals(stateOf(before), stateOf(after));
  const state = `${after.cuts.length} open cut, revision ${after.revision.slice(0, 7)}, the remote away`;
  rmSync(`${gitDir}.away`, { recursive: true });
  return [
    { ...drained, kept: drained.kept === true && code === 0 },
    { promise: "kill -9 and a start resume with state and cuts", kept: same && after.cuts.length > 0, figure: state },
    noFailure(
      { name, gateway: third },
      "nothing failed after that, and no canary answered",
      load,
      `${load.standIns()} answered for by stable`,
    ),
  ];
}

function stateOf({ revision, cuts }: Status) {
  return [revision, cuts.map(({ model, version, attempt }) => ({ model, version, attempt }))];
}

interface Who {
  readonly name: string;
  readonly gateway: GatewayProcess;
}

/** Where there was one, the gateway's log is kept, by whose times it can be explained. */
function noFailure({ name, gateway }: Who, promise: string, load: Load, more: string): Kept {
  const { failures } = load;
  for (const failure of failures) say(`FAILED: ${name}: ${promise}: ${failure}`);
  if (failures.length > 0) {
    const file = join(tmpdir(), `mmsp-soak-${gateway.pid}.log`);
    writeFileSync(file, gateway.log.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
    say(`the gateway's log: ${file}`);
  }
  const figure = `${load.answered()} answered, ${failures.length === 0 ? "none" : `${failures.length} or more`} failed; ${more}`;
  return { promise, kept: failures.length === 0 && load.answered() > 0, figure };
}

function progress(name: string, minute: number, samples: readonly Sample[], load: Load): string {
  const last = samples.at(-1);
  const failed = load.failures.length === 0 ? "" : `, FAILED: ${load.failures[0]}`;
  return `${name}, minute ${minute}: ${load.answered()} answered, ${last?.rssMiB.toFixed(1)} MiB, ${last?.handles ?? "?"} handles${failed}`;
}
