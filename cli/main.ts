#!/usr/bin/env bun
import pkg from "../package.json" with { type: "json" };
import type * as Commands from "./commands.ts";
import { printOut } from "./streams.ts";

const argv = process.argv.slice(2);
// Answered before anything else is loaded: scripts ask it, and it is to be instant.
if (argv[0] === "--version" || argv[0] === "-v" || argv[0] === "version") await printOut(`${pkg.version}\n`);
else {
  // All that most commands need, asked for at once: it is read and compiled beside each other.
  const [{ run }] = await Promise.all([
    import("./run.ts"),
    import("./wire.ts"),
    import("./commands.ts").then(loadNamed),
    // It starts on this thread while the others compile ours.
    import("node:fs"),
  ]);
  process.exitCode = await run(argv);
}

/** The command that stands first, where it does; `run` finds any other. */
async function loadNamed({ commands }: typeof Commands): Promise<void> {
  const [name = ""] = argv;
  if (Object.hasOwn(commands, name)) await commands[name]?.();
}
