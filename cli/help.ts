import type { HelpOutput } from "../schemas/output/help.ts";
import { variableGroups } from "../schemas/variables.ts";
import type { CommandInfo } from "./command.ts";
import { everyFlag, type Flag } from "./flags.ts";

/** What the process ends with; scripts rely on it. */
export const exitCodes: readonly (readonly [code: 0 | 1 | 2, meaning: string])[] = [
  [0, "done, or nothing to do"],
  [1, "refused, or failed"],
  [2, "wrong usage"],
];

const exitLine = `Exit codes: ${exitCodes.map(([code, meaning]) => `${code} ${meaning}`).join("; ")}.`;

/** The same for people and for programs. */
export interface Help {
  readonly text: string;
  readonly json: HelpOutput;
}

/** Help that is of no command: `mmsp help environment`. */
export const topics: Readonly<Record<string, { readonly summary: string; readonly help: () => Help }>> = {
  environment: { summary: "Variables that mmsp and its gateway read", help: helpOfVariables },
};

/** Help of the whole tool. `commands` in the order in which people meet them. */
export function helpOfAll(commands: Readonly<Record<string, { readonly summary: string }>>): Help {
  const named = (all: typeof commands) => Object.entries(all).map(([name, { summary }]) => ({ name, summary }));
  const json: HelpOutput = {
    kind: "overview",
    commands: named(commands),
    topics: named(topics),
    exitCodes: exitCodes.map(([code, meaning]) => ({ code, meaning })),
  };
  return { text: renderOverview(commands), json };
}

/** Help of one command: what it does, its flags, examples to copy. */
export function helpOfCommand(name: string, info: CommandInfo): Help {
  const { summary, usage, details = null, examples } = info;
  const flags = Object.entries(everyFlag(info.flags)).map(([flag, spec]) => {
    const { short = null, value = null, multiple = false, help } = spec;
    return { name: flag, short, value, multiple, help };
  });
  return { text: renderHelp(name, info), json: { kind: "command", name, summary, usage, details, flags, examples } };
}

function helpOfVariables(): Help {
  const groups = variableGroups.map(({ title, note, variables }) => ({
    title,
    note,
    variables: variables.map(({ name, meaning }) => ({ names: name.split(", "), meaning })),
  }));
  return { text: renderVariables(), json: { kind: "environment", groups } };
}

function renderOverview(commands: Readonly<Record<string, { readonly summary: string }>>): string {
  return [
    "mmsp puts ML models into service through git: every change is a pull request, every rollback a commit.",
    "",
    "Usage: mmsp <command> [flags]",
    "",
    "Commands:",
    ...columns(Object.entries(commands).map(([name, { summary }]) => [name, summary])),
    "",
    "Start here:",
    "  mmsp demo                 the whole circle on this machine, in under a minute",
    "  mmsp <command> --help     flags and examples of a command",
    "  mmsp help environment     variables that stand before settings in files",
    "  mmsp --version            the version, as mmsp version says it",
    "",
    exitLine,
    "",
  ].join("\n");
}

function renderHelp(name: string, info: CommandInfo): string {
  return [
    info.summary,
    "",
    `Usage: mmsp ${name}${info.usage === "" ? "" : ` ${info.usage}`}`,
    ...(info.details === undefined ? [] : ["", info.details]),
    "",
    "Flags:",
    ...columns(Object.entries(everyFlag(info.flags)).map(([flag, spec]) => [flagLabel(flag, spec), spec.help])),
    "",
    "Examples:",
    ...info.examples.map((example) => `  ${example}`),
    "",
    exitLine,
    "",
  ].join("\n");
}

/** `-C, --directory DIR`; without a short form as far to the right, so that long ones stand below each other. */
function flagLabel(flag: string, { short, value }: Flag): string {
  return `${short === undefined ? "    " : `-${short}, `}--${flag}${value === undefined ? "" : ` ${value}`}`;
}

function renderVariables(): string {
  return variableGroups
    .flatMap(({ title, note, variables }) => [
      `${title}:`,
      ...note.split("\n").map((line) => `  ${line}`),
      "",
      ...variables.flatMap(({ name, meaning }) => [`  ${name}`, ...meaning.split("\n").map((line) => `      ${line}`)]),
      "",
    ])
    .join("\n");
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
