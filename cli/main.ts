#!/usr/bin/env bun
import { statSync } from "node:fs";
import pkg from "../package.json" with { type: "json" };
import { nearestName } from "../schemas/words.ts";
import type { Problem } from "../schemas/problem.ts";
import type { Command } from "./command.ts";
import { parseFlags, UsageError, type Input } from "./flags.ts";

/** In the order in which people meet them. Loaded only when asked for: `--version` must be instant. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  init: async () => (await import("./commands/init.ts")).init,
  register: async () => (await import("./commands/register.ts")).register,
  deploy: async () => (await import("./commands/deploy.ts")).deploy,
  promote: async () => (await import("./commands/promote.ts")).promote,
  rollback: async () => (await import("./commands/rollback.ts")).rollback,
  status: async () => (await import("./commands/status.ts")).status,
  history: async () => (await import("./commands/history.ts")).history,
  diff: async () => (await import("./commands/diff.ts")).diff,
  list: async () => (await import("./commands/list.ts")).list,
  show: async () => (await import("./commands/show.ts")).show,
  validate: async () => (await import("./commands/validate.ts")).validate,
  gc: async () => (await import("./commands/gc.ts")).gc,
  up: async () => (await import("./commands/up.ts")).up,
  down: async () => (await import("./commands/down.ts")).down,
  loadgen: async () => (await import("./commands/loadgen.ts")).loadgen,
  demo: async () => (await import("./commands/demo.ts")).demo,
};

async function main(argv: readonly string[]): Promise<number> {
  const { name, rest } = splitArgv(argv);
  if (name === "--version" || name === "-v") return print(`${pkg.version}\n`);
  if (name === undefined && rest.length > 0) throw new UsageError("which command?");
  if (name === undefined || name === "--help" || name === "-h" || (name === "help" && rest.length === 0)) {
    const { renderOverview } = await import("./help.ts");
    const loaded = await Promise.all(Object.entries(commands).map(async ([key, load]) => [key, await load()] as const));
    return print(renderOverview(Object.fromEntries(loaded)));
  }
  if (name === "help") return main([...rest, "--help"]);
  if (name.startsWith("-")) throw new UsageError(`unknown flag ${name}`);
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (load === undefined) {
    const near = nearestName(name, Object.keys(commands));
    throw new UsageError(`unknown command "${name}"${near === null ? "" : `; did you mean "mmsp ${near}"?`}`);
  }
  const command = await load();
  if (rest.includes("--help") || rest.includes("-h")) {
    const { renderHelp } = await import("./help.ts");
    return print(renderHelp(name, command));
  }
  const input = parseFlags(rest, command.flags, command.maxArgs);
  const { createContext } = await import("./wire.ts");
  const { renderJson, renderText } = await import("./report.ts");
  const context = createContext({
    env: process.env,
    cwd: workingFolder(input),
    interrupted,
  });
  const outcome = await command.run(input, context);
  const printed = input.on("json") ? renderJson(outcome) : renderText(outcome, context.style);
  process.stderr.write(printed.stderr);
  process.stdout.write(printed.stdout);
  return printed.exitCode;
}

/** `-C`, which must be there: looked for from below, a project above would be taken for what was meant. */
function workingFolder(input: Input): string {
  const folder = input.text("directory");
  if (folder === undefined) return process.cwd();
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return folder;
  throw new UsageError(`-C: there is no folder "${folder}"`);
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

/** `bun run` passes on the Ctrl-C that the terminal has sent to everybody: two within so many milliseconds are one. */
const oneCtrlCMs = 250;

/** Flags of every command may stand before its name, as with git: `mmsp -C DIR status`. */
function splitArgv(argv: readonly string[]): { readonly name: string | undefined; readonly rest: readonly string[] } {
  let at = 0;
  while (/^(-C|--directory|--json$)/.test(argv[at] ?? "")) at += /^(-C|--directory)$/.test(argv[at] ?? "") ? 2 : 1;
  return { name: argv[at], rest: [...argv.slice(0, at), ...argv.slice(at + 1)] };
}

/** The first Ctrl-C asks everything that runs to stop; the second does not wait for it. */
function interrupted(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    let lastAt = Number.NEGATIVE_INFINITY;
    process.on(name, () => {
      const isEcho = performance.now() - lastAt < oneCtrlCMs;
      lastAt = performance.now();
      if (isEcho) return;
      if (controller.signal.aborted) process.exit(130);
      controller.abort();
    });
  }
  return controller.signal;
}

/** What went wrong, for people or as JSON. A bug keeps its stack; everything else says what to do. */
async function explain(error: unknown, argv: readonly string[]): Promise<number> {
  const { renderJson, renderText } = await import("./report.ts");
  const { createStyle } = await import("./style.ts");
  const outcome = { kind: "refusal", problems: await problemsOf(error, argv) } as const;
  const style = createStyle(process.stderr.isTTY, process.env);
  const printed = argv.includes("--json") ? renderJson(outcome) : renderText(outcome, style);
  process.stderr.write(printed.stderr);
  process.stdout.write(printed.stdout);
  if (process.env["MMSP_DEBUG"]) process.stderr.write(`${String(error instanceof Error ? error.stack : error)}\n`);
  return error instanceof UsageError ? 2 : printed.exitCode;
}

async function problemsOf(error: unknown, argv: readonly string[]): Promise<readonly Problem[]> {
  if (error instanceof UsageError) {
    const { name = "" } = splitArgv(argv);
    const hint = Object.hasOwn(commands, name) ? `mmsp ${name} --help` : "mmsp --help";
    return [{ code: "usage", message: error.message, hint }];
  }
  const { ProblemError } = await import("../schemas/problem.ts");
  if (error instanceof ProblemError) return error.problems;
  const { OutsideError } = await import("./gitops/core/ports.ts");
  if (!(error instanceof OutsideError)) return [bug(error)];
  return [{ code: error.retryable ? "outside-retryable" : "outside", message: error.message, hint: error.hint }];
}

function bug(error: unknown): Problem {
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: "bug",
    message: `mmsp failed in a way it should not: ${message}`,
    hint: "MMSP_DEBUG=1 shows where; please report it",
  };
}

/** Whoever reads may stop early, as `head` does: then there is nobody to tell. */
function ignoreBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}

process.stdout.on("error", ignoreBrokenPipe);
process.stderr.on("error", ignoreBrokenPipe);
const argv = process.argv.slice(2);
process.exitCode = await main(argv).catch((error: unknown) => explain(error, argv));
