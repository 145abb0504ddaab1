import type { DownOutput } from "../../schemas/output/down.ts";
import type { Command } from "../command.ts";
import { reading, shared } from "../flags.ts";
import { clearState, dataDirOf, isRunning, readState, type RunningGateway } from "./running-gateway.ts";
import { environmentOf, knownEnvironment } from "./target.ts";

/**
 * How long a gateway may take to stop before it is killed, in milliseconds: it gives requests under way 30 s and a commit on its
 * way another 3, and to kill it before would break just what it waits for.
 */
export const patienceMs = 40_000;

/** After so long the person should know what is waited for. */
const silentMs = 1000;

export const down: Command = {
  summary: "Stop the gateway that `mmsp up` started",
  usage: "[--env ENV] [--repo OWNER/NAME [--base BRANCH]]",
  flags: { env: shared.env, ...reading },
  maxArgs: 0,
  examples: ["mmsp down", "mmsp down --env prod"],

  async run(input, context) {
    const environment = environmentOf(input, context);
    const dataDir = await dataDirOf(environment, input, context);
    const state = readState(dataDir);
    if (state === null || !isRunning(state)) {
      clearState(dataDir);
      // Asked only now: what runs for an environment that is no more can be stopped all the same.
      await knownEnvironment(input, context);
      return { kind: "skip", reason: `no gateway for ${environment} is running here` };
    }
    process.kill(state.pid, "SIGTERM");
    const killed = !(await ended(state, () => context.say(waitingFor(state))));
    if (killed) process.kill(state.pid, "SIGKILL");
    clearState(dataDir);
    const text = `${context.style.green("✓")} stopped the gateway at ${state.url}${killed ? " (it had to be killed)" : ""}\n`;
    const json: DownOutput = { status: "stopped", environment, pid: state.pid, killed };
    return { kind: "report", text, json, ok: true };
  },
};

function waitingFor({ url }: RunningGateway): string {
  return `the gateway at ${url} finishes the requests under way first; killed after ${patienceMs / 1000} s`;
}

/** Whether it has ended within the time; asks the system, as the process is nobody's child here. */
async function ended(state: RunningGateway, onWait: () => void): Promise<boolean> {
  const start = performance.now();
  let told = false;
  while (isRunning(state)) {
    const waited = performance.now() - start;
    if (waited > patienceMs) return false;
    if (waited > silentMs && !told) onWait();
    told ||= waited > silentMs;
    await Bun.sleep(100);
  }
  return true;
}
