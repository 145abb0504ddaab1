/** Other names of commands, for fingers that have learned them elsewhere: no help tells of them. */
const aliases: Readonly<Record<string, string>> = { ls: "list" };

/** Flags of every command may stand before its name, as with git: `mmsp -C DIR status`. */
export function splitArgv(argv: readonly string[]): {
  readonly name: string | undefined;
  readonly rest: readonly string[];
} {
  let at = 0;
  while (/^(-C|--directory|--(json|verbose)$)/.test(argv[at] ?? ""))
    at += /^(-C|--directory)$/.test(argv[at] ?? "") ? 2 : 1;
  const name = argv[at];
  const rest = [...argv.slice(0, at), ...argv.slice(at + 1)];
  return { name: name !== undefined && Object.hasOwn(aliases, name) ? aliases[name] : name, rest };
}

/**
 * Whether whatever is printed is to be JSON, a refusal too: `--json`, and `--format json`, which says the same. Of several
 * formats the last counts, as of every flag.
 */
export function asksForJson(argv: readonly string[]): boolean {
  const formats = argv.flatMap((word, at) =>
    argv[at - 1] === "--format" ? [word] : word.startsWith("--format=") ? [word.slice("--format=".length)] : [],
  );
  return argv.includes("--json") || formats.at(-1) === "json";
}
