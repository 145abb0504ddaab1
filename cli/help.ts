import type { CommandInfo } from "./command.ts";
import { everyFlag, type Flag } from "./flags.ts";

/** Help of the whole tool. `commands` in the order in which people meet them. */
export function renderOverview(commands: Readonly<Record<string, { readonly summary: string }>>): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    "mmsp puts ML models into service through git: every change is a pull request, every rollback a commit.",
    "",
    "Usage: mmsp <command> [flags]",
    "",
    "Commands:",
    ...lines,
    "",
    "Start here:",
    "  mmsp demo                 the whole circle on this machine, in under a minute",
    "  mmsp <command> --help     flags and examples of a command",
    "",
  ].join("\n");
}

/** Help of one command: what it does, its flags, examples to copy. */
export function renderHelp(name: string, info: CommandInfo): string {
  const flags = Object.entries(everyFlag(info.flags));
  const labels = flags.map(([flag, spec]) => label(flag, spec));
  const width = Math.max(...labels.map((text) => text.length));
  return [
    info.summary,
    "",
    `Usage: mmsp ${name}${info.usage === "" ? "" : ` ${info.usage}`}`,
    ...(info.details === undefined ? [] : ["", info.details]),
    "",
    "Flags:",
    ...flags.map(([, spec], at) => `  ${(labels[at] ?? "").padEnd(width)}  ${spec.help}`),
    "",
    "Examples:",
    ...info.examples.map((example) => `  ${example}`),
    "",
  ].join("\n");
}

function label(flag: string, spec: Flag): string {
  const short = spec.short === undefined ? "    " : `-${spec.short}, `;
  return `${short}--${flag}${spec.value === undefined ? "" : ` ${spec.value}`}`;
}
