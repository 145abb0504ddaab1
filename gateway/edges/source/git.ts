import { fail, type Problem } from "../../../schemas/problem.ts";

/** Needed for what mmsp does with git elsewhere too. */
const minimum = [2, 38] as const;

export interface GitOptions {
  readonly gitDir: string;
  /** Milliseconds for one command. */
  readonly timeoutMs: number;
  /** Settings that must not be seen in the list of processes: credentials. */
  readonly config: Readonly<Record<string, string>>;
  /** Taken out of every message. */
  readonly secrets: readonly string[];
}

/** Runs git in one bare repository. */
export interface Git {
  /** Standard output. Throws a ProblemError with what git said, without credentials. */
  run(args: readonly string[], input?: string): Promise<Uint8Array>;
  text(args: readonly string[]): Promise<string>;
}

export function createGit({ gitDir, timeoutMs, config, secrets }: GitOptions): Git {
  const env = environmentFor(config);
  async function run(args: readonly string[], input = ""): Promise<Uint8Array> {
    const child = spawnGit(["--git-dir", gitDir, ...args], env, input);
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      killGroup(child.pid);
    }, timeoutMs);
    const [stdout, stderr, code] = await Promise.all([child.stdout.bytes(), child.stderr.text(), child.exited]);
    clearTimeout(timer);
    if (code === 0) return stdout;
    return fail(explain(args[0] ?? "", timedOut ? `no answer in ${timeoutMs} ms` : redact(stderr, secrets)));
  }
  return { run, text: async (args) => new TextDecoder().decode(await run(args)).trim() };
}

/** Stops where git is missing or too old. */
export async function requireGit(): Promise<void> {
  const child = spawnGit(["version"], environmentFor({}), "");
  const [, major, minor] = /(\d+)\.(\d+)/.exec(await child.stdout.text()) ?? [];
  const found = [Number(major), Number(minor)] as const;
  if (found[0] > minimum[0] || (found[0] === minimum[0] && found[1] >= minimum[1])) return;
  fail({
    code: "git-too-old",
    message: `git ${minimum.join(".")} or newer is needed, found ${major ?? "?"}.${minor ?? "?"}`,
    hint: "install a newer git",
  });
}

function spawnGit(args: readonly string[], env: Record<string, string>, input: string) {
  try {
    const stdin = new Blob([input]);
    return Bun.spawn(["git", ...args], { env, stdin, stdout: "pipe", stderr: "pipe", detached: true });
  } catch (cause) {
    const hint = `install git ${minimum.join(".")} or newer`;
    return fail({ code: "git-missing", message: "git cannot be started", hint }, { cause });
  }
}

/** git's own helpers outlive it and hold its pipes open, so all of them are ended: the group that `detached` made. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}

/**
 * Ours without what would point git at another repository, and with nobody to ask for a password. Settings travel in
 * GIT_CONFIG_* because arguments can be read by everybody on the machine.
 */
function environmentFor(config: Readonly<Record<string, string>>): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && (!name.startsWith("GIT_") || /^GIT_(SSL|SSH|PROXY|EXEC)/.test(name))) env[name] = value;
  }
  const settings = Object.entries({ "gc.autoDetach": "false", "maintenance.autoDetach": "false", ...config });
  settings.forEach(([key, value], at) => {
    env[`GIT_CONFIG_KEY_${at}`] = key;
    env[`GIT_CONFIG_VALUE_${at}`] = value;
  });
  return {
    GIT_SSH_COMMAND: "ssh -oBatchMode=yes",
    ...env,
    GIT_CONFIG_COUNT: String(settings.length),
    GIT_TERMINAL_PROMPT: "0",
    GIT_ASKPASS: "true",
    SSH_ASKPASS: "true",
    LC_ALL: "C",
  };
}

function redact(text: string, secrets: readonly string[]): string {
  let clean = text.replace(/\/\/[^/@\s]+@/g, "//");
  for (const secret of secrets) clean = clean.replaceAll(secret, "***");
  return clean.trim();
}

function explain(command: string, said: string): Problem {
  const line =
    said.split("\n").findLast((text) => /^(fatal|error|remote):/.test(text)) ?? said.split("\n").at(-1) ?? "";
  const message = `git ${command} failed: ${line.replace(/^(fatal|error): /, "")}`;
  if (/Authentication failed|could not read Username|terminal prompts disabled|403|Permission denied/.test(said)) {
    return { code: "git-not-allowed", message, hint: "give a token that may read the repository's contents" };
  }
  if (/couldn't find remote ref|not found in upstream/i.test(said)) {
    return { code: "git-branch-missing", message, hint: "check the name of the branch" };
  }
  return { code: "git-failed", message, hint: "check the address, and that it can be reached from here" };
}
