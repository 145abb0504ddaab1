import { fail } from "../../../../schemas/problem.ts";
import { runGitProcess, type GitResult } from "../git-process.ts";

/** `merge-tree --write-tree` elsewhere, and protocol v2 with leases here. */
const minimum = [2, 38] as const;

const missingHint = `install git ${minimum.join(".")} or newer; a repository on GitHub (OWNER/NAME) needs none`;

export interface GitOptions {
  readonly gitDir: string;
  /** Milliseconds for one command; longer than a person waits, shorter than a person gives up on. */
  readonly timeoutMs: number;
  /** Settings that may not be seen in the list of processes: credentials. */
  readonly config: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Runs git in one bare repository, with nobody to ask for a password. Throws only where git cannot be started. */
export type Git = (args: readonly string[], input?: Uint8Array | string) => Promise<GitResult>;

export function createGit({ gitDir, timeoutMs, config, env }: GitOptions): Git {
  const variables = environmentFor(config, env);
  return (args, input = "") =>
    runGitProcess(["--git-dir", gitDir, ...args], { env: variables, input, timeoutMs, missingHint });
}

/** Stops where git is missing or too old. */
export async function requireGit(env: GitOptions["env"]): Promise<void> {
  const { stdout } = await runGitProcess(["version"], { env: environmentFor({}, env), missingHint });
  const [, major, minor] = /(\d+)\.(\d+)/.exec(textOf(stdout)) ?? [];
  const found = [Number(major), Number(minor)] as const;
  if (found[0] > minimum[0] || (found[0] === minimum[0] && found[1] >= minimum[1])) return;
  const message = `git ${minimum.join(".")} or newer is needed, found ${major ?? "?"}.${minor ?? "?"}`;
  fail({ code: "git-too-old", message, hint: "install a newer git" });
}

/** A setting of the person or of the clone that they are in; null where there is none. */
export async function personsSetting(name: string, env: GitOptions["env"]): Promise<string | null> {
  const options = { env: environmentFor({}, env), missingHint };
  const { ok, stdout } = await runGitProcess(["config", "--get", name], options);
  const value = textOf(stdout).trim();
  return ok && value !== "" ? value : null;
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/**
 * The person's own, for their keys and credential helpers, without what would point git at another repository. Settings travel in
 * GIT_CONFIG_* because arguments can be read by everybody on the machine. Only protocols that an address may name.
 */
function environmentFor(config: Readonly<Record<string, string>>, given: GitOptions["env"]): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined && (!name.startsWith("GIT_") || /^GIT_(SSL|SSH|PROXY|EXEC|ASKPASS)/.test(name))) {
      env[name] = value;
    }
  }
  const own = { "gc.auto": "0", "maintenance.auto": "false", "core.quotePath": "false" };
  const settings = Object.entries({ ...own, ...config });
  settings.forEach(([key, value], at) => {
    env[`GIT_CONFIG_KEY_${at}`] = key;
    env[`GIT_CONFIG_VALUE_${at}`] = value;
  });
  return {
    // Without an answer, git says that it may not, instead of asking.
    GIT_ASKPASS: "true",
    SSH_ASKPASS: "true",
    ...env,
    GIT_CONFIG_COUNT: String(settings.length),
    GIT_TERMINAL_PROMPT: "0",
    GIT_ALLOW_PROTOCOL: "file:http:https:ssh",
    LC_ALL: "C",
  };
}
