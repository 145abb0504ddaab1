import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { GitResult } from "../git-process.ts";
import { createGit, personsSetting, requireGit, type Git } from "./git.ts";
import { explainFailure, type Attempt } from "./failure.ts";
import { withSlot } from "./slots.ts";

export interface RemoteOptions {
  readonly address: string;
  readonly baseBranch: string;
  /** Folder of the clones of this address. */
  readonly cacheFolder: string;
  /** Settings that carry credentials, and what may stand in no message. */
  readonly config: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of one git command, in milliseconds; default 60 s. */
  readonly timeoutMs?: number | undefined;
}

/** A bare clone that is ours alone for a while, and the remote that it is of. */
export interface Clone {
  readonly folder: string;
  readonly options: RemoteOptions;
  /** Whatever it comes to. */
  readonly git: Git;
  /** Standard output. Throws what people can read. */
  run(what: string, args: readonly string[], input?: Uint8Array | string): Promise<Uint8Array>;
  /** The same as trimmed text. */
  text(what: string, args: readonly string[], input?: string): Promise<string>;
}

/** What a command on the remote is called in messages. */
export function attemptOn({ address, secrets }: RemoteOptions, what: string): Attempt {
  return { what: `${what} ${address}`, remote: address, secrets };
}

/** Runs `work` with a clone. It holds what earlier work has fetched, and nothing that other work relies on. */
export async function withClone<T>(options: RemoteOptions, work: (clone: Clone) => Promise<T>): Promise<T> {
  return withSlot(options.cacheFolder, async (folder) => work(await openClone(options, folder)));
}

async function openClone(options: RemoteOptions, folder: string): Promise<Clone> {
  const { env, timeoutMs = 60_000 } = options;
  const given = { ...env, ...(await sshSettings(options)) };
  const git = createGit({ gitDir: folder, timeoutMs, config: options.config, env: given });
  const checked = async (what: string, args: readonly string[], input?: Uint8Array | string): Promise<Uint8Array> => {
    const result: GitResult = await git(args, input);
    if (!result.ok) throw explainFailure(result, attemptOn(options, what));
    return result.stdout;
  };
  const clone: Clone = {
    folder,
    options,
    git,
    run: checked,
    text: async (what, args, input) => new TextDecoder().decode(await checked(what, args, input)).trim(),
  };
  if (existsSync(join(folder, "HEAD")) && packsIn(folder) < mostPacks) removeLocks(folder);
  else await initialize(clone, env);
  return clone;
}

/** Packs in a clone before it is made anew: nothing in it is missed, and git grows slow with many. */
const mostPacks = 200;

function packsIn(folder: string): number {
  const place = join(folder, "objects", "pack");
  return existsSync(place) ? readdirSync(place).filter((name) => name.endsWith(".pack")).length : 0;
}

async function initialize({ folder, run }: Clone, env: RemoteOptions["env"]): Promise<void> {
  await requireGit(env);
  rmSync(folder, { recursive: true, force: true });
  // Without the person's templates: their hooks are for other repositories.
  await run("preparing a clone of", ["init", "--quiet", "--bare", "--template=", folder]);
}

/** ssh asks nobody, and gives up where nobody answers; the person's own command keeps its options. */
async function sshSettings({ address, env }: RemoteOptions): Promise<Readonly<Record<string, string>>> {
  if (/^(file|https?):/.test(address)) return {};
  const own = env["GIT_SSH_COMMAND"] ?? (await personsSetting("core.sshCommand", env)) ?? env["GIT_SSH"] ?? "ssh";
  return { GIT_SSH_COMMAND: /^(\S*\/)?ssh(\s|$)/.test(own) ? `${own} -oBatchMode=yes -oConnectTimeout=20` : own };
}

/** The clone is ours alone, so a lock in it is a killed process's; a fetch that took too long is killed by us. */
function removeLocks(folder: string): void {
  const refs = join(folder, "refs", "mmsp");
  const below = existsSync(refs) ? readdirSync(refs, { recursive: true, encoding: "utf8" }) : [];
  const places = [...readdirSync(folder), ...below.map((name) => join("refs", "mmsp", name))];
  for (const name of places) if (name.endsWith(".lock")) rmSync(join(folder, name), { force: true });
}
