import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { isGitAddress } from "../../schemas/repository.ts";
import { isGateway } from "../executable/self.ts";
import type { Context, Remote } from "../context.ts";
import type { Input } from "../flags.ts";
import { remoteOf } from "./remote.ts";
import { looksAtGitHub } from "./target.ts";

/** What `up` leaves for `down`, and for another `up`. */
export interface RunningGateway {
  readonly pid: number;
  readonly url: string;
  readonly log: string;
}

/**
 * Folder of the own files of an environment's gateway: cut store, clone, log. Beside the tree that is served, or for a branch on GitHub in
 * the person's cache.
 */
export async function dataDirOf(environment: string, input: Input, context: Context): Promise<string> {
  if (!looksAtGitHub(input)) {
    return join(context.edges.findTree(context.cwd).root, ".mmsp", environment);
  }
  return remoteDataDir(environment, await remoteOf(input, context), context);
}

/** The folder where `up --repo` has its files. */
export function remoteDataDir(environment: string, { repository, baseBranch }: Remote, context: Context): string {
  const cache = context.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  // An address is no path: its colons and slashes go.
  const folder = isGitAddress(repository) ? repository.replaceAll(/[^A-Za-z0-9._-]+/g, "-") : repository;
  return join(cache, "mmsp", folder, baseBranch, environment);
}

export function readState(dataDir: string): RunningGateway | null {
  const file = join(dataDir, "gateway.json");
  if (!existsSync(file)) return null;
  try {
    const state = JSON.parse(readFileSync(file, "utf8")) as RunningGateway;
    // A number that is none of a process would mean whole groups of them to `kill`.
    return Number.isSafeInteger(state.pid) && state.pid > 1 ? state : null;
  } catch {
    return null;
  }
}

export function writeState(dataDir: string, state: RunningGateway): void {
  writeFileSync(join(dataDir, "gateway.json"), `${JSON.stringify(state)}\n`);
}

export function clearState(dataDir: string): void {
  rmSync(join(dataDir, "gateway.json"), { force: true });
}

/** True while the process is there and is a gateway: its number may be somebody else's by now. */
export function isRunning({ pid }: RunningGateway): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  if (Bun.which("ps") === null) return true;
  const command = Bun.spawnSync(["ps", "-o", "command=", "-p", String(pid)]).stdout.toString();
  return isGateway(command);
}

/** The command that stops it, as it is to be typed. */
export function downCommand(input: Input, environment: string): string {
  const flags = [
    ["-C", input.text("directory")],
    ["--env", environment === "dev" ? undefined : environment],
    ["--repo", input.text("repo")],
    ["--base", input.text("base")],
  ].flatMap(([flag, value]) => (value === undefined ? [] : [`${flag} ${value}`]));
  return ["mmsp down", ...flags].join(" ");
}

/** Name of the repository for messages: of `--repo`, or of the tree. */
export async function sourceName(input: Input, context: Context): Promise<string> {
  if (looksAtGitHub(input)) {
    const { repository, baseBranch } = await remoteOf(input, context);
    return `${repository} ${baseBranch}`;
  }
  return context.edges.findTree(context.cwd).root;
}
