/** Flags of every command may stand before its name, as with git: `mmsp -C DIR status`. */
export function splitArgv(argv: readonly string[]): {
  readonly name: string | undefined;
  readonly rest: readonly string[];
} {
  let at = 0;
  while (/^(-C|--directory|--(json|verbose)$)/.test(argv[at] ?? ""))
    at += /^(-C|--directory)$/.test(argv[at] ?? "") ? 2 : 1;
  return { name: argv[at], rest: [...argv.slice(0, at), ...argv.slice(at + 1)] };
}

/** Whether whatever is printed is to be JSON, a refusal too: `--json`, and `--format json`, which says the same. */
export function asksForJson(argv: readonly string[]): boolean {
  return argv.some(
    (word, at) => word === "--json" || word === "--format=json" || (word === "json" && argv[at - 1] === "--format"),
  );
}
