import { parseArgs } from "node:util";
import { nearestName } from "../schemas/words.ts";

/** A flag as help shows it and as the parser reads it. */
export interface Flag {
  readonly type: "string" | "boolean";
  readonly short?: string;
  /** What stands for the value in help: `VERSION`; of a choice all there are, and only these are taken: `text|github`. */
  readonly value?: string;
  readonly help: string;
  /** What Tab offers, where `value` does not say it; see completion/placeholders.ts. */
  readonly completes?: "file" | "next-version";
  /** May be given several times; `texts` has all of it. */
  readonly multiple?: boolean;
}

export type Flags = Readonly<Record<string, Flag>>;

/** Values of the flags that were given. */
export interface Input {
  readonly args: readonly string[];
  /** Of a flag that may be given several times, the last. */
  text(flag: string): string | undefined;
  /** Everything that was given for a flag, in order. */
  texts(flag: string): readonly string[];
  on(flag: string): boolean;
}

/** The command line itself is wrong: exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Flags that several commands share, said once. */
export const shared = {
  directory: { type: "string", short: "C", value: "DIR", help: "work as if started in DIR" },
  env: { type: "string", value: "ENV", help: "environment; default $MMSP_ENV, else dev" },
  name: { type: "string", value: "NAME", help: "the model, instead of the argument" },
  json: { type: "boolean", help: "print one JSON object" },
  dryRun: { type: "boolean", help: "print what would change as a diff; write nothing" },
  local: { type: "boolean", help: "edit the working tree: no commit, no network" },
  repo: { type: "string", value: "OWNER/NAME", help: "on GitHub, or any git address; default: of mmsp.yaml" },
  base: { type: "string", value: "BRANCH", help: "base branch; default: the one in mmsp.yaml" },
  verbose: { type: "boolean", help: "show each HTTP call on stderr, without anything secret" },
  help: { type: "boolean", short: "h", help: "show this help" },
} as const satisfies Flags;

/** Of every command. */
const everywhere = {
  directory: shared.directory,
  json: shared.json,
  verbose: shared.verbose,
  help: shared.help,
} as const satisfies Flags;

/** A command's own flags, and those that all of them have. */
export function everyFlag(own: Flags): Flags {
  return { ...own, ...everywhere };
}

/** The flags of every command that reads, by default the working tree. */
export const reading = {
  repo: { ...shared.repo, help: "a branch on GitHub instead of the working tree" },
  base: { ...shared.base, help: "with --repo: the branch; default: the one in mmsp.yaml, else main" },
} as const satisfies Flags;

/** What is done about a pull request once it is there. */
export const following = {
  wait: { type: "boolean", help: "wait until it is merged, and served where the environment names its gateway" },
  "wait-timeout": { type: "string", value: "TIME", help: "give up waiting after 90s, 10m or 2h; default 15m" },
} as const satisfies Flags;

/** The flags of every command that writes. */
export const writing = {
  name: shared.name,
  env: shared.env,
  local: shared.local,
  "dry-run": shared.dryRun,
  repo: shared.repo,
  base: shared.base,
  "auto-merge": { type: "boolean", help: "let GitHub merge it, once what the base branch requires is there" },
  ...following,
} as const satisfies Flags;

/** Reads the arguments of one command. Throws a UsageError for anything it does not know. */
export function parseFlags(argv: readonly string[], flags: Flags, maxArgs: number): Input {
  const all = everyFlag(flags);
  const options = Object.fromEntries(
    Object.entries(all).map(([name, { type, short, multiple = false }]) => [
      name,
      { type, multiple, ...(short === undefined ? {} : { short }) },
    ]),
  );
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(usageMessage(error, Object.keys(all)), { cause: error });
  }
  if (parsed.positionals.length > maxArgs) {
    throw new UsageError(`unexpected argument "${parsed.positionals[maxArgs] ?? ""}"`);
  }
  for (const [name, { value = "" }] of Object.entries(all)) {
    const given = parsed.values[name];
    if (typeof given === "string" && value.includes("|")) choice(`--${name}`, given, value.split("|"));
  }
  const texts = (flag: string): readonly string[] =>
    [parsed.values[flag] ?? []].flat().filter((value) => typeof value === "string");
  return {
    args: parsed.positionals,
    text: (flag) => texts(flag).at(-1),
    texts,
    on: (flag) => parsed.values[flag] === true,
  };
}

function usageMessage(error: unknown, known: readonly string[]): string {
  const message = error instanceof Error ? error.message : String(error);
  const unknown = /Unknown option '(-+)([^']*)'/.exec(message);
  if (!unknown) return valueMessage(message);
  const [, dashes = "", name = ""] = unknown;
  return `unknown flag ${dashes}${name}${didYouMean(name, known, (flag) => `--${flag}`)}`;
}

/** parseArgs names a flag with its short form and its value, and goes on about dashes. */
function valueMessage(message: string): string {
  const flag = /^Option '(?:(-\w), )?(--[\w-]+)/.exec(message);
  if (flag === null) return message;
  const name = flag[2] === "--directory" ? "-C" : flag[2];
  if (message.includes("does not take an argument")) return `${name} takes no value`;
  const dash = message.includes("ambiguous") ? `; one that starts with a dash is written ${name}=-...` : "";
  return `${name} takes a value${dash}`;
}

/** `; did you mean --version?`, or nothing where no name is near. */
export function didYouMean(word: string, names: readonly string[], shown: (name: string) => string): string {
  const near = nearestName(word, names);
  return near === null ? "" : `; did you mean ${shown(near)}?`;
}

/** One of the choices, or a UsageError that says which are there; `what` takes it: `--format`, `completion`. */
export function choice<T extends string>(what: string, text: string, choices: readonly T[]): T {
  const found = choices.find((one) => one === text);
  if (found !== undefined) return found;
  const meant = didYouMean(text, choices, (near) => `"${near}"`);
  throw new UsageError(`${what} takes ${choices.join(", ")}, not "${text}"${meant}`);
}

/** A whole number, or a UsageError that names the flag. */
export function wholeNumber(flag: string, text: string): number {
  if (!/^-?\d{1,9}$/.test(text.trim())) throw new UsageError(`--${flag} takes a whole number, not "${text}"`);
  return Number(text);
}
