import { statSync } from "node:fs";
import pkg from "../package.json" with { type: "json" };
import type { Help } from "./help.ts";
import type { Outcome } from "./outcome.ts";
import type { Printed } from "./report-parts.ts";
import type { Problem } from "../schemas/problem.ts";
import { createRedactor } from "../schemas/secrets.ts";
import { asksForJson, splitArgv } from "./argv.ts";
import { commands, loadCommands } from "./commands.ts";
import { didYouMean, everyFlag, parseFlags, unknownFlag, UsageError, type Input } from "./flags.ts";
import { isTerminal, printError, printOut, terminalColumns } from "./streams.ts";
import { streamStyles } from "./style.ts";

type ExitCode = 0 | 1 | 2;

/**
 * The command line, from the arguments to the exit code: 0 done or nothing to do, 1 refused or failed, 2 usage. Nothing is
 * thrown.
 */
export async function run(argv: readonly string[]): Promise<ExitCode> {
  return dispatch(argv).catch((error: unknown) => explain(error, argv));
}

async function dispatch(argv: readonly string[]): Promise<ExitCode> {
  const { name, rest } = splitArgv(argv);
  if (name === "--version" || name === "-v" || name === "version") return print(`${pkg.version}\n`);
  if (name === undefined && rest.length > 0) throw new UsageError("which command?");
  if (name === undefined || isHelp(name)) {
    const words = rest.filter((word) => !isHelp(word));
    const about = splitArgv(words).name;
    if (about !== undefined) return (await showTopic(about, argv)) ?? dispatch([...words, "--help"]);
    const { helpOfAll } = await import("./help.ts");
    return showHelp(helpOfAll(await loadCommands()), argv);
  }
  if (name.startsWith("-")) {
    const [, dashes = "", flag = ""] = /^(-+)([^=]*)/.exec(name) ?? [];
    throw unknownFlag(dashes, flag, { ...everyFlag({}), version: { type: "boolean", help: "" } });
  }
  if (name === "__complete") {
    const { answerTab } = await import("./completion/answer.ts");
    return print(await answerTab(rest, process.cwd(), process.env));
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (load === undefined) {
    throw new UsageError(`unknown command "${name}"${await commandMeant(name, rest)}`);
  }
  if (rest.includes("--help") || rest.includes("-h")) {
    const { helpOfCommand } = await import("./help.ts");
    return showHelp(helpOfCommand(name, await load()), argv);
  }
  // At once: they are read and compiled beside each other.
  const [command, { openSession }] = await Promise.all([load(), import("./wire.ts")]);
  const input = parseFlags(rest, command.flags, command.maxArgs);
  const verbose = input.on("verbose");
  const offersLocal = "local" in command.flags;
  const cwd = workingFolder(input);
  const { context, finish } = await openSession({ env: process.env, cwd, interrupted, verbose, offersLocal });
  const outcome = await command.run(input, context).finally(finish);
  return show(await printed(outcome, asksForJson(rest)));
}

/** `; did you mean "mmsp rollback"?`, or nothing where neither other tools have the word nor a command is near. */
async function commandMeant(name: string, rest: readonly string[]): Promise<string> {
  const { commandElsewhere } = await import("./elsewhere.ts");
  const known = Object.keys(commands);
  const elsewhere = commandElsewhere([name, ...rest], known);
  return elsewhere === null
    ? didYouMean(name, [...known, "help", "version"], (command) => `"mmsp ${command}"`)
    : `; ${elsewhere}`;
}

/** `mmsp help`, `mmsp --help` and `mmsp -h`, each alone or before a command. */
function isHelp(word: string): boolean {
  return ["help", "--help", "-h"].includes(word);
}

/** What only tells says it by itself: no other kind of outcome is loaded for it. */
async function printed(outcome: Outcome, asJson: boolean): Promise<Printed> {
  if (outcome.kind === "report") {
    const stdout = asJson ? `${JSON.stringify(outcome.json, null, 2)}\n` : outcome.text;
    return { stdout, stderr: "", exitCode: outcome.ok ? 0 : 1 };
  }
  const { renderJson, renderText } = await import("./report.ts");
  return asJson ? renderJson(outcome) : renderText(outcome, streamStyles(isTerminal, process.env));
}

async function showHelp(help: Help, argv: readonly string[]): Promise<ExitCode> {
  const { foldHelp } = await import("./fold.ts");
  const { json, text } = help;
  return show(
    await printed({ kind: "report", json, text: foldHelp(text, terminalColumns()), ok: true }, asksForJson(argv)),
  );
}

/** `mmsp help environment`; null for what is no topic. */
async function showTopic(name: string, argv: readonly string[]): Promise<ExitCode | null> {
  const { topics } = await import("./help.ts");
  const topic = Object.hasOwn(topics, name) ? topics[name] : undefined;
  if (topic !== undefined) return showHelp(topic.help(), argv);
  const meant = didYouMean(name, Object.keys(topics), (near) => `"mmsp help ${near}"`);
  if (meant === "" || Object.hasOwn(commands, name)) return null;
  throw new UsageError(`there is no help about "${name}"${meant}`);
}

/** `-C`, which must be there: looked for from below, a project above would be taken for what was meant. */
function workingFolder(input: Input): string {
  const folder = input.text("directory");
  if (folder === undefined) return process.cwd();
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return folder;
  throw new UsageError(`-C: there is no folder "${folder}"`);
}

/** Nothing that is printed holds what a variable keeps secret. */
const redact = createRedactor(process.env);

async function show({ stdout, stderr, exitCode }: Printed): Promise<ExitCode> {
  printError(redact(stderr));
  await printOut(redact(stdout));
  return exitCode;
}

async function print(text: string): Promise<0> {
  await printOut(text);
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

/** What went wrong, for people or as JSON. A bug keeps its stack; everything else says what to do. */
async function explain(error: unknown, argv: readonly string[]): Promise<ExitCode> {
  const outcome = { kind: "refusal", problems: await problemsOf(error, argv) } as const;
  const exitCode = await show(await printed(outcome, asksForJson(argv)));
  if (process.env["MMSP_DEBUG"]) printError(`${redact(String(error instanceof Error ? error.stack : error))}\n`);
  return error instanceof UsageError ? 2 : exitCode;
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
