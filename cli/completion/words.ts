import type { Flag, Flags } from "../flags.ts";

/** A command line as far as it is typed, read as the parser would. */
export interface Words {
  /** Arguments that are complete. */
  readonly args: readonly string[];
  /** Names of the flags that were given, and the last value of each. */
  readonly given: ReadonlySet<string>;
  readonly values: Readonly<Record<string, string>>;
  /** The flag whose value the last word is. */
  readonly pending: Flag | null;
  /** The last word: what is being typed. */
  readonly current: string;
  /** After `--` nothing is a flag. */
  readonly isLiteral: boolean;
}

/** Reads all words but the last, which is the one at the cursor. */
export function readWords(words: readonly string[], flags: Flags): Words {
  const args: string[] = [];
  const values: Record<string, string> = {};
  const given = new Set<string>();
  let isLiteral = false;
  let pending: readonly [string, Flag] | null = null;
  for (const word of words.slice(0, -1)) {
    if (pending !== null) {
      values[pending[0]] = word;
      pending = null;
    } else if (word === "--" && !isLiteral) isLiteral = true;
    else if (isLiteral || !word.startsWith("-") || word === "-") args.push(word);
    else pending = readFlag(word, flags, { given, values });
  }
  return { args, given, values, pending: pending?.[1] ?? null, current: words.at(-1) ?? "", isLiteral };
}

/** Takes note of a flag; answers it where its value is still to come. */
function readFlag(
  word: string,
  flags: Flags,
  { given, values }: { readonly given: Set<string>; readonly values: Record<string, string> },
): readonly [string, Flag] | null {
  const [head = "", ...tail] = word.split("=");
  const found = Object.entries(flags).find(([name, { short }]) => head === `--${name}` || head === `-${short ?? ""}`);
  if (found === undefined) return null;
  given.add(found[0]);
  if (tail.length > 0) values[found[0]] = tail.join("=");
  return found[1].type === "string" && tail.length === 0 ? found : null;
}

/** `--env`, `=`, `pr` as bash splits it, without the `=`: the value is the next word all the same. */
export function unsplit(line: readonly string[]): readonly string[] {
  const last = line.length - 1;
  return line.flatMap((word, at) => {
    const isSplit = word === "=" && /^--[\w-]+$/.test(line[at - 1] ?? "");
    if (!isSplit) return [word];
    return at === last ? [""] : [];
  });
}
