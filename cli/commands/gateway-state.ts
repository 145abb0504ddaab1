import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Context } from "../context.ts";
import type { Input } from "../flags.ts";
import { environmentOf, projectOf, remoteOf } from "./target.ts";

/** What `up --detach` leaves for `down`. */
export interface GatewayState {
  readonly pid: number;
  readonly url: string;
  readonly log: string;
}

/**
 * Folder of a gateway's own files: cut store, clone, log. Beside the tree that is served, or for a branch on GitHub in
 * the person's cache.
 */
export async function dataDirOf(input: Input, context: Context): Promise<string> {
  const environment = environmentOf(input, context);
  if (input.text("repo") === undefined) {
    return join(context.edges.findTree(context.cwd).root, ".mmsp", environment);
  }
  const { repository, baseBranch } = await remoteOf(input, context);
  const cache = context.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  return join(cache, "mmsp", repository, baseBranch, environment);
}

export function readState(dataDir: string): GatewayState | null {
  const file = join(dataDir, "gateway.json");
  if (!existsSync(file)) return null;
  try {
    return JSON.parse(readFileSync(file, "utf8")) as GatewayState;
  } catch {
    return null;
  }
}

export function writeState(dataDir: string, state: GatewayState): void {
  writeFileSync(join(dataDir, "gateway.json"), `${JSON.stringify(state)}\n`);
}

export function clearState(dataDir: string): void {
  rmSync(join(dataDir, "gateway.json"), { force: true });
}

/** True while the process is there and is a gateway: its number may be somebody else's by now. */
export function isRunning({ pid }: GatewayState): boolean {
  const command = Bun.spawnSync(["ps", "-o", "command=", "-p", String(pid)]).stdout.toString();
  return command.includes("gateway/main.ts");
}

/** Name of the repository for messages: of `--repo`, or of the tree. */
export async function sourceName(input: Input, context: Context): Promise<string> {
  if (input.text("repo") !== undefined) {
    const { repository, baseBranch } = await remoteOf(input, context);
    return `${repository} ${baseBranch}`;
  }
  const found = await projectOf(context);
  return found?.tree.root ?? context.cwd;
}
