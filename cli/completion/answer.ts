import { resolve } from "node:path";
import { commands } from "../commands.ts";
import { complete, type Completion } from "./complete.ts";
import { namesAround } from "./names.ts";

/**
 * What `mmsp __complete -- WORDS...` prints for the scripts of the shells: a line a candidate, its description after a tab, and
 * last what kind of completion it is. Never an error: on Tab nobody wants to read one.
 */
export async function answerTab(
  argv: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  // What stands before the first `--` is of an alias: `mmsp -C DIR`.
  const at = argv.indexOf("--");
  const line = [...argv.slice(0, Math.max(at, 0)), ...argv.slice(at + 1)];
  const names = (directory: string | null) => namesAround(resolve(cwd, directory ?? "."), env["MMSP_ENV"] || "dev");
  try {
    return format(await complete(line, { commands, names }));
  } catch {
    return ":words\n";
  }
}

function format({ kind, candidates }: Completion): string {
  const lines = candidates.map(({ value, description }) => (description === "" ? value : `${value}\t${description}`));
  return [...lines, `:${kind}`, ""].join("\n");
}
