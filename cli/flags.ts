import type { nearestName } from "../schemas/words.ts";
import type { flagElsewhere } from "./elsewhere.ts";

/** A flag as help shows it and as the parser reads it. */
export interface Flag {
  readonly type: "string" | "boolean";
  readonly short?: string;
  /** What stands for the value in help: `VERSION`; of a choice all there are, and only these are taken: `text|github`. */
  readonly value?: string;
  readonly help: string;
  /** What Tab offers, where `value` does not say it; see completion/placeholders.ts. */
  readonly completes?: "file" | "next-version" | "earlier-version" | "served-version" | "other-environment" | "weight";
  /** May be given several times; `texts` has all of it. */
  readonly multiple?: boolean;
}

export type Flags = Readonly<Record<string, Flag>>;

/** Values of the flags that were given. */
export interface Input {
  readonly args: readonly string[];
  /** Of a flag that is given several times, the last: so a line of an alias or a script can be given another value. */
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
  local: {
    type: "boolean",
    help: "edit the working tree: no git host, no commit; a store is where the environments say",
  },
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
  wait: {
    type: "boolean",
    help: "wait until it is merged, applied by Argo CD and served, as the environment names them",
  },
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
  const { given, args } = readArguments(argv, all);
  const texts = (flag: string): readonly string[] => {
    const values = given.get(flag);
    return values === undefined || values === true ? [] : values;
  };
  const extra = args[maxArgs];
  if (extra !== undefined) throw new UsageError(`unexpected argument "${extra}"${flagBefore(extra, all, given)}`);
  for (const [name, { value = "" }] of Object.entries(all)) {
    if (value.includes("|")) for (const text of texts(name)) choice(`--${name}`, text, value.split("|"));
  }
  return {
    args,
    text: (flag) => texts(flag).at(-1),
    texts,
    on: (flag) => given.get(flag) === true,
  };
}

/** `; did you mean --version 2?`: the flag that was left out before a version, or before a model's file. */
function flagBefore(extra: string, flags: Flags, given: Arguments["given"]): string {
  const isMeant = ([name, { value }]: readonly [string, Flag]): boolean =>
    /^v?\d+$/i.test(extra) ? value === "V" : /\.onnx$/i.test(extra) && name === "model-path";
  const [flag] = Object.entries(flags).find(isMeant) ?? [];
  return flag === undefined || given.has(flag) ? "" : `; did you mean --${flag} ${extra}?`;
}

/** What stands on a command line: the flags, each with the values that it was given, and what is none. */
interface Arguments {
  readonly given: Map<string, readonly string[] | true>;
  readonly args: string[];
}

/**
 * As `parseArgs` of node:util with `strict` reads them, to which a test holds it; but that module takes longer to load than
 * most commands to read what they are asked about, and its messages are not for people.
 */
function readArguments(argv: readonly string[], flags: Flags): Arguments {
  const found: Arguments = { given: new Map(), args: [] };
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === "--") found.args.push(...rest.splice(0));
    else if (word.startsWith("--")) readLong(word, flags, rest, found);
    else if (word.startsWith("-") && word !== "-") readShort(word, flags, rest, found);
    else found.args.push(word);
  }
  return found;
}

/** `--name`, `--name value` or `--name=value`. */
function readLong(word: string, flags: Flags, rest: string[], { given }: Arguments): void {
  const [, name = "", inline] = /^--([^=]*)(?:=([^]*))?$/.exec(word) ?? [];
  const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
  if (flag === undefined) throw unknownFlag("--", name, flags);
  if (flag.type === "string") addValue(given, name, inline ?? nextValue(name, rest));
  else if (inline === undefined) given.set(name, true);
  else throw new UsageError(`--${name} takes no value`);
}

/** `-h`, `-C value` or `-Cvalue`; several without a value may share a dash. */
function readShort(word: string, flags: Flags, rest: string[], { given }: Arguments): void {
  for (let at = 1; at < word.length; at++) {
    const short = word.charAt(at);
    const [name, flag] = Object.entries(flags).find(([, one]) => one.short === short) ?? [];
    if (name === undefined || flag === undefined) throw unknownFlag("-", short, flags);
    if (flag.type === "string") {
      addValue(given, name, at + 1 < word.length ? word.slice(at + 1) : nextValue(name, rest));
      return;
    }
    given.set(name, true);
  }
}

function addValue(given: Arguments["given"], name: string, value: string): void {
  const before = given.get(name);
  given.set(name, [...(before === undefined || before === true ? [] : before), value]);
}

/** A value that looks like a flag is more likely a value that was forgotten. */
function nextValue(name: string, rest: string[]): string {
  const value = rest.shift();
  const [shown, joined] = name === "directory" ? ["-C", "-C"] : [`--${name}`, `--${name}=`];
  if (value === undefined) throw new UsageError(`${shown} takes a value`);
  if (!value.startsWith("-") || value === "-") return value;
  throw new UsageError(`${shown} takes a value; one that starts with a dash is written ${joined}-...`);
}

/** Says what it is called here, where other tools have it or only a letter is off. */
export function unknownFlag(dashes: string, name: string, flags: Flags): UsageError {
  const elsewhere = require("./elsewhere.ts") as { readonly flagElsewhere: typeof flagElsewhere };
  const known = elsewhere.flagElsewhere(name, flags);
  const meant = known === null ? didYouMean(name, Object.keys(flags), (flag) => `--${flag}`) : `; ${known}`;
  return new UsageError(`unknown flag ${dashes}${name}${meant}`);
}

/** Loaded where a word is wrong. */
function words(): { readonly nearestName: typeof nearestName } {
  return require("../schemas/words.ts") as ReturnType<typeof words>;
}

/** `; did you mean --version?`, or nothing where no name is near. */
export function didYouMean(word: string, names: readonly string[], shown: (name: string) => string): string {
  const near = words().nearestName(word, names);
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
