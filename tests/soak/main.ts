/**
 * `bun run soak [--minutes N] [--rate R]`: the gateway as a process of its own under steady load (30 minutes, 300 requests a
 * second), while versions are swapped, documents broken and canaries fail; then it is stopped under load, and killed. Prints a
 * table, and ends with 1 where a promise was broken.
 */
import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { importFiles } from "../support/circle.ts";
import { temporaryFolder } from "../support/folder.ts";
import { startGatewayProcess, type GatewayProcess } from "../support/gateway-process.ts";
import { runGit } from "../support/git.ts";
import { makeChanges, statusOf, type Status } from "./changes.ts";
import { startGauge, type Sample } from "./gauge.ts";
import { startLoad, type Load } from "./load.ts";
import { judgeHandles, judgeMemory, renderPromises, type Kept } from "./promises.ts";
import { soakTree } from "./tree.ts";

const { values } = parseArgs({ options: { minutes: { type: "string" }, rate: { type: "string" } } });
const minutes = Number(values.minutes ?? 30);
const rate = Number(values.rate ?? 300);
if (!(minutes > 0 && rate > 0)) throw new Error("--minutes and --rate are numbers above 0");

/** Between two changes of what is served. */
const changeMs = 3000;

const say = (line: string) => void process.stdout.write(`${line}\n`);

using folder = temporaryFolder();
const gitDir = join(folder.path, "models.git");
await runGit(folder.path, ["init", "--quiet", "--bare", "--initial-branch=main", gitDir]);
await importFiles(gitDir, soakTree());

const promises = [...(await soak()), ...(await drainAndKill())];
say(renderPromises(promises));
process.exitCode = promises.some(({ kept }) => kept === false) ? 1 : 0;

function start(): Promise<GatewayProcess> {
  const MMSP_DATA = join(folder.path, "data");
  return startGatewayProcess({ MMSP_ENV: "dev", MMSP_GIT_URL: gitDir, MMSP_POLL_MS: "200", MMSP_DATA });
}

/** Load and changes for as long as was asked. */
async function soak(): Promise<readonly Kept[]> {
  await using gateway = await start();
  const changes = makeChanges(gitDir, gateway.url);
  const gauge = startGauge(gateway.pid);
  const load = startLoad(gateway.url, rate);
  const started = performance.now();
  const spent = (): number => (performance.now() - started) / 60_000;
  for (let told = 1; spent() < minutes;) {
    await Bun.sleep(changeMs);
    await changes.swap();
    await changes.roll();
    if (spent() < told) continue;
    say(progress(told++, gauge.samples, load));
  }
  await load.stop();
  gauge.stop();
  const { swaps, broken, canaries, cuts } = changes.counts;
  const done = `${swaps} versions swapped, ${broken} documents broken, ${canaries} canaries, ${cuts} of them cut`;
  return [
    noFailure("no request failed under load", load, `${done}; ${load.standIns()} answered for by stable`),
    {
      promise: "canaries were cut by the guard",
      kept: cuts > 0 && load.standIns() > 0,
      figure: `${cuts} of ${canaries}`,
    },
    judgeMemory(gauge.samples),
    judgeHandles(gauge.samples),
  ];
}

/** SIGTERM under load, a start with a cut that git does not know yet, kill -9, and a start while the remote is away. */
async function drainAndKill(): Promise<readonly Kept[]> {
  const first = await start();
  const draining = startLoad(first.url, rate);
  await makeChanges(gitDir, first.url).leaveCut();
  draining.expectEnd();
  const code = await first.terminate();
  await draining.stop();
  const drained = noFailure("SIGTERM under load fails no request", draining, `exit code ${code}`);

  const second = await start();
  const before = await statusOf(second.url);
  await second.kill();
  renameSync(gitDir, `${gitDir}.away`);
  await using third = await start();
  const after = await statusOf(third.url);
  const load = startLoad(third.url, rate);
  await Bun.sleep(changeMs);
  await load.stop();
  const same = Bun.deepEquals(stateOf(before), stateOf(after));
  const state = `${after.cuts.length} open cut, revision ${after.revision.slice(0, 7)}, the remote away`;
  rmSync(`${gitDir}.away`, { recursive: true });
  return [
    { ...drained, kept: drained.kept === true && code === 0 },
    { promise: "kill -9 and a start resume with state and cuts", kept: same && after.cuts.length > 0, figure: state },
    noFailure("nothing failed after that, and no canary answered", load, `${load.standIns()} answered for by stable`),
  ];
}

function stateOf({ revision, cuts }: Status) {
  return [revision, cuts.map(({ model, version, attempt }) => ({ model, version, attempt }))];
}

function noFailure(promise: string, load: Load, more: string): Kept {
  const { failures } = load;
  for (const failure of failures) say(`FAILED: ${promise}: ${failure}`);
  const figure = `${load.answered()} answered, ${failures.length === 0 ? "none" : `${failures.length} or more`} failed; ${more}`;
  return { promise, kept: failures.length === 0 && load.answered() > 0, figure };
}

function progress(minute: number, samples: readonly Sample[], load: Load): string {
  const last = samples.at(-1);
  const failed = load.failures.length === 0 ? "" : `, FAILED: ${load.failures[0]}`;
  return `minute ${minute}: ${load.answered()} answered, ${last?.rssMiB.toFixed(1)} MiB, ${last?.handles ?? "?"} handles${failed}`;
}
