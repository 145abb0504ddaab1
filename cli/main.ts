#!/usr/bin/env bun
import pkg from "../package.json" with { type: "json" };
import { nearestName } from "../schemas/words.ts";
import type { Command } from "./command.ts";
import { parseFlags, UsageError } from "./flags.ts";

/** In the order in which people meet them. Loaded only when asked for: `--version` must be instant. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  init: async () => (await import("./commands/init.ts")).init,
  register: async () => (await import("./commands/register.ts")).register,
  deploy: async () => (await import("./commands/deploy.ts")).deploy,
  promote: async () => (await import("./commands/promote.ts")).promote,
  rollback: async () => (await import("./commands/rollback.ts")).rollback,
  status: async () => (await import("./commands/status.ts")).status,
  validate: async () => (await import("./commands/validate.ts")).validate,
  up: async () => (await import("./commands/up.ts")).up,
  down: async () => (await import("./commands/down.ts")).down,
  loadgen: async () => (await import("./commands/loadgen.ts")).loadgen,
  demo: async () => (await import("./commands/demo.ts")).demo,
};

async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === "--version" || name === "-v") return print(`${pkg.version}\n`);
  if (name === undefined || name === "--help" || name === "-h" || (name === "help" && rest.length === 0)) {
    const { renderOverview } = await import("./help.ts");
    const loaded = await Promise.all(Object.entries(commands).map(async ([key, load]) => [key, await load()] as const));
    return print(renderOverview(Object.fromEntries(loaded)));
  }
  if (name === "help") return main([...rest, "--help"]);
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
    cwd: input.text("directory") ?? process.cwd(),
    signal: interrupted(),
  });
  const outcome = await command.run(input, context);
  const printed = input.on("json") ? renderJson(outcome) : renderText(outcome, context.style);
  process.stderr.write(printed.stderr);
  process.stdout.write(printed.stdout);
  return printed.exitCode;
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

/** `bun run` passes on the Ctrl-C that the terminal has sent to everybody: two within so many milliseconds are one. */
const oneCtrlCMs = 250;

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

/** What went wrong, for people. A bug keeps its stack; everything else says what to do. */
async function explain(error: unknown, argv: readonly string[]): Promise<number> {
  if (error instanceof UsageError) {
    process.stderr.write(`error: ${error.message}\n  hint: mmsp ${argv[0] ?? ""} --help\n`.replace("mmsp -", "mmsp -"));
    return 2;
  }
  const { ProblemError } = await import("../schemas/problem.ts");
  const { OutsideError } = await import("./gitops/core/ports.ts");
  const { renderJson, renderText } = await import("./report.ts");
  const { createStyle } = await import("./style.ts");
  const problems =
    error instanceof ProblemError
      ? error.problems
      : error instanceof OutsideError
        ? [{ code: error.retryable ? "outside-retryable" : "outside", message: error.message, hint: error.hint }]
        : [bug(error)];
  const outcome = { kind: "refusal", problems } as const;
  const style = createStyle(process.stderr.isTTY, process.env);
  const printed = argv.includes("--json") ? renderJson(outcome) : renderText(outcome, style);
  process.stderr.write(printed.stderr);
  process.stdout.write(printed.stdout);
  if (process.env["MMSP_DEBUG"]) process.stderr.write(`${String(error instanceof Error ? error.stack : error)}\n`);
  return 1;
}

function bug(error: unknown): { code: string; message: string; hint: string } {
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: "bug",
    message: `mmsp failed in a way it should not: ${message}`,
    hint: "MMSP_DEBUG=1 shows where; please report it",
  };
}

const argv = process.argv.slice(2);
process.exitCode = await main(argv).catch((error: unknown) => explain(error, argv));
