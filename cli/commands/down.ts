import type { Command } from "../command.ts";
import { reading, shared } from "../flags.ts";
import { clearState, dataDirOf, isRunning, readState } from "./gateway-state.ts";
import { environmentOf } from "./target.ts";

/** How long requests under way may take before the gateway is ended for good, in milliseconds. */
const patienceMs = 15_000;

export const down: Command = {
  summary: "Stop the gateway that `mmsp up` started",
  usage: "[--env ENV] [--repo OWNER/NAME [--base BRANCH]]",
  flags: { env: shared.env, ...reading },
  maxArgs: 0,
  examples: ["mmsp down", "mmsp down --env prod"],

  async run(input, context) {
    const environment = environmentOf(input, context);
    const dataDir = await dataDirOf(input, context);
    const state = readState(dataDir);
    if (state === null || !isRunning(state)) {
      clearState(dataDir);
      return { kind: "skip", reason: `no gateway for ${environment} is running here` };
    }
    process.kill(state.pid, "SIGTERM");
    const deadline = Date.now() + patienceMs;
    while (isRunning(state) && Date.now() < deadline) await Bun.sleep(100);
    const killed = isRunning(state);
    if (killed) process.kill(state.pid, "SIGKILL");
    clearState(dataDir);
    const text = `${context.style.green("✓")} stopped the gateway at ${state.url}${killed ? " (it had to be killed)" : ""}\n`;
    return { kind: "report", text, json: { status: "stopped", environment, pid: state.pid, killed }, ok: true };
  },
};
