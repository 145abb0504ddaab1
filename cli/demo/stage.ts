import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fail } from "../../schemas/problem.ts";
import { createChildren, type Children, type Finished, type Service } from "./children.ts";
import { DEMO_TOKEN, startForge, type Forge } from "./forge/server.ts";

const packageRoot = new URL("../../", import.meta.url).pathname;
const examples = join(packageRoot, "examples");

export const mmspMain = join(packageRoot, "cli", "main.ts");
export const repository = { owner: "acme", repo: "models" } as const;
export const heldOutRows = join(examples, "data", "breast-cancer", "heldout.parquet");

/** What the demo plays on: a folder of its own, a GitHub, a clone, and what commands are run with. */
export interface Stage {
  readonly folder: string;
  readonly clone: string;
  readonly forge: Forge;
  /** All that a command of the demo knows of its surroundings. */
  readonly env: Readonly<Record<string, string>>;
  readonly children: Children;
  /** Ends every process, and removes the folder. */
  close(): Promise<void>;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** Sets the stage. Whatever happens afterwards, the folder and the processes are gone when this process is. */
export async function openStage(variables: Variables, signal: AbortSignal): Promise<Stage> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "mmsp-demo-")));
  const children = createChildren(signal);
  const vanish = (): void => {
    children.kill();
    removeFolder(folder);
  };
  const hangUp = (): never => process.exit(129);
  process.on("exit", vanish);
  process.on("SIGHUP", hangUp);
  let forge: Forge | null = null;
  const close = async (): Promise<void> => {
    await children.stop();
    await forge?.stop();
    removeFolder(folder);
    process.off("exit", vanish);
    process.off("SIGHUP", hangUp);
  };
  try {
    reachLocalhost(variables);
    forge = await startForge({ directory: join(folder, "github"), ...repository });
    const env = commandEnvironment(variables, folder, forge);
    mkdirSync(env["TMPDIR"] ?? folder, { recursive: true });
    const clone = await cloneInto(join(folder, repository.repo), { children, env, forge, folder });
    layOutTrained(join(folder, "trained"));
    return { folder, clone, forge, env, children, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What `mmsp` stands for in the commands that the demo shows. */
export function runMmsp(stage: Stage, args: readonly string[]): Promise<Finished> {
  return stage.children.run([process.execPath, mmspMain, ...args], { cwd: stage.clone, env: stage.env });
}

/** The same for a command that goes on until it is stopped. */
export function startMmsp({ children, clone, env }: Stage, args: readonly string[]): Service {
  return children.start([process.execPath, mmspMain, ...args], { cwd: clone, env });
}

/** git in the clone. */
export function runGit(stage: Stage, args: readonly string[]): Promise<Finished> {
  return stage.children.run(["git", ...args], { cwd: stage.clone, env: stage.env });
}

/**
 * Built up from nothing: a person's tokens, MMSP_ variables, proxies and git configuration must not change what the demo
 * does, and the demo must not touch their cache.
 */
function commandEnvironment(variables: Variables, folder: string, forge: Forge): Record<string, string> {
  const kept = ["PATH", "HOME", "LANG", "LC_ALL", "TERM"].flatMap((name) => {
    const value = variables[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(kept),
    GITHUB_API_URL: forge.apiUrl,
    GITHUB_TOKEN: DEMO_TOKEN,
    XDG_CACHE_HOME: join(folder, "cache"),
    TMPDIR: join(folder, "tmp"),
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_TERMINAL_PROMPT: "0",
  };
}

/** This process talks to its own servers, and no proxy can do that for it. */
function reachLocalhost(variables: Variables): void {
  const known = variables["NO_PROXY"] ?? variables["no_proxy"];
  const value = known === undefined || known === "" ? "127.0.0.1" : `${known},127.0.0.1`;
  process.env["NO_PROXY"] = value;
  process.env["no_proxy"] = value;
}

async function cloneInto(clone: string, stage: Pick<Stage, "children" | "env" | "forge" | "folder">): Promise<string> {
  const login = Buffer.from(`x-access-token:${DEMO_TOKEN}`).toString("base64");
  const settings = {
    "user.name": "Ada",
    "user.email": "ada@example.com",
    "http.extraHeader": `Authorization: Basic ${login}`,
  };
  const flags = Object.entries(settings).flatMap(([key, value]) => ["--config", `${key}=${value}`]);
  const command = ["git", "-c", "init.defaultBranch=main", "clone", "--quiet", ...flags, stage.forge.cloneUrl, clone];
  if (Bun.which("git") === null) {
    fail({ code: "git-missing", message: "git is not installed", hint: "the demo needs git 2.38 or newer" });
  }
  const { code, stderr } = await stage.children.run(command, { cwd: stage.folder, env: stage.env });
  if (code !== 0) {
    fail({ code: "git-clone", message: `git clone failed: ${stderr.trim()}`, hint: "is git 2.38 or newer installed?" });
  }
  return clone;
}

/** The model files, where somebody who trains models might have them: beside the clone. */
function layOutTrained(target: string): void {
  const models = join(examples, "models", "breast-cancer");
  cpSync(models, target, { recursive: true });
  cpSync(join(examples, "data", "breast-cancer", "features.json"), join(target, "features.json"));
}

/** A process that is just dying may still write, so once is not always enough. */
function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}
