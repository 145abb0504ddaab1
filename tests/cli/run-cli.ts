/** The real command as a process, and repositories for it to work in. */
import { cpSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { splitArgv } from "../../cli/argv.ts";
import { commands } from "../../cli/commands.ts";
import { sharedFolder, temporaryFolder } from "../support/folder.ts";
import { runGit } from "../support/git.ts";
import { expectOutput } from "../support/output.ts";
import { linearModel } from "../support/models.ts";

export const main = join(import.meta.dir, "../../cli/main.ts");

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** Variables of the process: none of the machine's that change what mmsp does. */
export function cliEnv(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  const { PATH = "", TMPDIR = "" } = process.env;
  const home = "/nonexistent";
  return { PATH, ...(TMPDIR === "" ? {} : { TMPDIR }), HOME: home, GIT_CONFIG_NOSYSTEM: "1", ...extra };
}

/** Starts `mmsp`; its output and end are the caller's to await. */
export function spawnCli(args: readonly string[], { cwd = import.meta.dir, env = {}, stdin = "" }: RunOptions = {}) {
  return Bun.spawn([process.execPath, main, ...args], {
    cwd,
    env: cliEnv(env),
    stdin: Buffer.from(stdin),
    stdout: "pipe",
    stderr: "pipe",
  });
}

/** Runs `mmsp` to its end. What it prints under `--json` must be what is documented. */
export async function runCli(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const child = spawnCli(args, options);
  const [stdout, stderr, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (args.includes("--json") && stdout.startsWith("{")) expectOutput(commandOf(args), JSON.parse(stdout));
  return { stdout, stderr, exitCode };
}

/** The schema of the output: of help, of the command that is called, or of a refusal where that is none. */
function commandOf(args: readonly string[]): string {
  const { name = "" } = splitArgv(args);
  if (args.some((word) => ["help", "--help", "-h"].includes(word))) return "help";
  return Object.hasOwn(commands, name) ? name : "refusal";
}

export interface Project extends Disposable {
  readonly path: string;
  put(name: string, content: string | Uint8Array): string;
  read(name: string): string;
  /** `mmsp ARGS` in the project's folder. */
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ran>;
  /** The same, which must succeed; what it printed. */
  mmsp(...args: readonly string[]): Promise<string>;
  git(...args: readonly string[]): Promise<string>;
  /** Everything committed, so that `git diff` and `files` start from here. */
  commit(): Promise<void>;
  /** path -> content of every file that is git's business. */
  files(): Readonly<Record<string, string>>;
}

const templates = new Map<boolean, Promise<Project>>();

/**
 * A clone as `mmsp init` leaves it, with two models to register, `v1.onnx` and `v2.onnx`, ignored by git. `serving`: version
 * 1 of fraud is stable in dev, and 2 is registered. Made once by real commands, then copied.
 */
export async function makeProject({ serving = false }: { readonly serving?: boolean } = {}): Promise<Project> {
  const template = templates.get(serving) ?? makeTemplate(serving);
  templates.set(serving, template);
  const folder = temporaryFolder();
  cpSync((await template).path, folder.path, { recursive: true });
  return projectIn(folder);
}

async function makeTemplate(serving: boolean): Promise<Project> {
  const folder = sharedFolder({
    ".gitignore": "*.onnx\n!artifacts/**\n",
    "v1.onnx": linearModel({ bias: [0, 1] }),
    "v2.onnx": linearModel({ bias: [1, 0] }),
  });
  const project = projectIn(folder);
  await project.git("init", "--quiet", "--initial-branch=main");
  await project.mmsp("init", "--repo", "acme/models");
  if (serving) {
    await project.mmsp("register", "fraud", "--model-path", "v1.onnx", "--local");
    await project.mmsp("register", "fraud", "--model-path", "v2.onnx", "--local");
    await project.mmsp("deploy", "fraud", "--version", "1", "--local");
  }
  await project.commit();
  return project;
}

function projectIn(folder: ReturnType<typeof temporaryFolder>): Project {
  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    runCli(args, { cwd: folder.path, env });
  const git = (...args: readonly string[]) => runGit(folder.path, args);
  return {
    ...folder,
    run,
    git,
    read: (name) => readFileSync(join(folder.path, name), "utf8"),
    async mmsp(...args) {
      const { exitCode, stdout, stderr } = await run(args);
      if (exitCode !== 0) throw new Error(`mmsp ${args.join(" ")} ended with ${exitCode}: ${stderr}`);
      return stdout;
    },
    async commit() {
      await git("add", "--all");
      await git("commit", "--quiet", "--message", "State");
    },
    files: () => filesBelow(folder.path),
  };
}

/** path -> content; of git's and mmsp's own folders nothing. */
export function filesBelow(folder: string): Readonly<Record<string, string>> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => !/^\.(git|mmsp)(\/|$)/.test(name) && statSync(join(folder, name)).isFile())
    .toSorted();
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), "latin1")]));
}

/** What the command printed under `--json`: one object, and nothing on stderr. */
export function jsonOf({ stdout, stderr }: Ran): Record<string, unknown> {
  if (stderr !== "") throw new Error(`stderr is not empty: ${stderr}`);
  const value: unknown = JSON.parse(stdout);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error(`no object: ${stdout}`);
  return value as Record<string, unknown>;
}
