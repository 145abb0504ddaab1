import { splitArgv } from "../argv.ts";
import type { CommandInfo } from "../command.ts";
import { everyFlag, type Flag, type Flags } from "../flags.ts";
import { topics } from "../help.ts";
import { argumentsOf, flagKind, placeholderKind, type ValueKind } from "./placeholders.ts";
import { readWords, unsplit, type Words } from "./words.ts";

/** Names that a working tree has; versions newest first. */
export interface Names {
  environments(): readonly string[];
  models(): readonly string[];
  versions(model: string): readonly number[];
  /** Versions that a rollback may go back to, newest first. `environment`: null where none is given. */
  earlier(model: string, environment: string | null): Promise<readonly number[]>;
  /** The canary and the stable version, as `earlier`. */
  served(model: string, environment: string | null): Promise<readonly number[]>;
  /** What a commit may be called. */
  revisions(): Promise<readonly string[]>;
}

export interface Candidate {
  readonly value: string;
  readonly description: string;
}

/** What may stand at the cursor: one of the words, or what the shell itself knows best. */
export interface Completion {
  readonly kind: "words" | "files" | "directories";
  readonly candidates: readonly Candidate[];
}

export interface Sources {
  readonly commands: Readonly<Record<string, () => Promise<CommandInfo>>>;
  /** Names around a folder: `-C` where it is given, else null. */
  readonly names: (directory: string | null) => Names;
}

const nothing: Completion = { kind: "words", candidates: [] };

/** Flags that may stand before the command. */
const outermost: Flags = {
  ...everyFlag({}),
  version: { type: "boolean", short: "v", help: "print the version" },
};

/**
 * What may come at the end of a command line. `line`: its words after `mmsp`, the last one as far as it is typed, and empty
 * after a space. Bash hands over `--env=pr` as three words, other shells as one: both are understood.
 */
export async function complete(line: readonly string[], { commands, names }: Sources): Promise<Completion> {
  const words = unsplit(line);
  const current = words.at(-1) ?? "";
  const { name, rest } = splitArgv(words.slice(0, -1));
  if (name === undefined) {
    const outer = readWords(words, outermost);
    if (outer.pending !== null || current.startsWith("-")) return flagOrValue(outer, outermost, names(null));
    return matching(await commandNames(commands), current);
  }
  if (name === "help") return rest.length === 0 ? matching(await helpSubjects(commands), current) : nothing;
  const info = Object.hasOwn(commands, name) ? await commands[name]?.() : undefined;
  return info === undefined ? nothing : ofCommand(info, readWords([...rest, current], everyFlag(info.flags)), names);
}

async function ofCommand(info: CommandInfo, words: Words, names: Sources["names"]): Promise<Completion> {
  const flags = everyFlag(info.flags);
  const known = names(words.values["directory"] ?? null);
  const { current, pending, args, isLiteral } = words;
  if (pending !== null || (current.startsWith("-") && !isLiteral)) return flagOrValue(words, flags, known);
  const placeholder = args.length < info.maxArgs ? argumentsOf(info.usage)[args.length] : undefined;
  const isNamed = placeholder === "NAME" && words.values["name"] !== undefined;
  if (placeholder !== undefined && !isNamed) return valuesOf(placeholderKind(placeholder), words, known);
  return current === "" && !isLiteral ? matching(flagNames(flags, words), "") : nothing;
}

async function commandNames(commands: Sources["commands"]): Promise<readonly Candidate[]> {
  const loaded = Object.entries(commands).map(async ([value, load]) => ({
    value,
    description: (await load()).summary,
  }));
  return [...(await Promise.all(loaded)), { value: "help", description: "Show the help of a command" }];
}

async function helpSubjects(commands: Sources["commands"]): Promise<readonly Candidate[]> {
  const about = Object.entries(topics).map(([value, { summary }]) => ({ value, description: summary }));
  return [...(await commandNames(commands)), ...about];
}

async function flagOrValue(words: Words, flags: Flags, names: Names): Promise<Completion> {
  const { pending, current } = words;
  if (pending !== null) return valuesOf(flagKind(pending), words, names);
  const [, flag = "", value] = /^--([\w-]+)=(.*)$/s.exec(current) ?? [];
  if (value === undefined) return matching(flagNames(flags, words), current);
  const spec = Object.hasOwn(flags, flag) ? flags[flag] : undefined;
  if (spec?.type !== "string") return nothing;
  const found = await valuesOf(flagKind(spec), { ...words, current: value }, names);
  const candidates = found.candidates.map((one) => ({ ...one, value: `--${flag}=${one.value}` }));
  return { ...found, candidates };
}

function flagNames(flags: Flags, { given }: Words): readonly Candidate[] {
  return Object.entries(flags)
    .filter(([name]) => !given.has(name))
    .map(([name, { help }]: readonly [string, Flag]) => ({ value: `--${name}`, description: help }));
}

async function valuesOf(value: ValueKind, { current, args, values }: Words, names: Names): Promise<Completion> {
  const words = (list: readonly (string | number)[]): Completion =>
    matching(
      list.map((one) => ({ value: String(one), description: "" })),
      current,
    );
  const model = args[0] ?? values["name"] ?? values["model"] ?? "";
  switch (value.kind) {
    case "file":
      return { kind: "files", candidates: [] };
    case "directory":
      return { kind: "directories", candidates: [] };
    case "environment":
      return words(names.environments());
    case "other-environment":
      return words(names.environments().filter((name) => name !== values["env"]));
    case "weight":
      return words(["next"]);
    case "model":
      return words(names.models());
    case "version":
      return words(names.versions(model));
    case "next-version":
      return words([(names.versions(model)[0] ?? 0) + 1]);
    case "earlier-version":
      return words(await names.earlier(model, values["env"] ?? null));
    case "served-version":
      return words(await names.served(model, values["env"] ?? null));
    case "revision":
      return words(await names.revisions());
    case "choice":
      return words(value.choices);
    case "nothing":
      return nothing;
  }
}

function matching(candidates: readonly Candidate[], current: string): Completion {
  return { kind: "words", candidates: candidates.filter(({ value }) => value.startsWith(current)) };
}
