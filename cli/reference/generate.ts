/** `bun run generate`: the README's reference, from what the commands say of themselves. With `--check`: whether it is so. */
import { loadCommands } from "../commands.ts";
import { renderCommands, renderVariables, withSection } from "./markdown.ts";

/** The README as it is to be. */
export async function readmeWithReference(readme: string): Promise<string> {
  const commands = renderCommands(await loadCommands());
  return withSection(withSection(readme, "commands", commands), "variables", renderVariables());
}

if (import.meta.main) {
  const file = Bun.file(new URL("../../README.md", import.meta.url));
  const readme = await file.text();
  const wanted = await readmeWithReference(readme);
  if (!process.argv.includes("--check")) await file.write(wanted);
  else if (wanted !== readme) {
    process.stderr.write("the reference in README.md is out of date: run `bun run generate`\n");
    process.exitCode = 1;
  }
}
