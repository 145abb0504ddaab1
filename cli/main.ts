#!/usr/bin/env bun
import pkg from "../package.json" with { type: "json" };

/** Whoever reads may stop early, as `head` does: then there is nobody to tell. */
function ignoreBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}

process.stdout.on("error", ignoreBrokenPipe);
process.stderr.on("error", ignoreBrokenPipe);
const argv = process.argv.slice(2);
// Answered before anything else is loaded: scripts ask it, and it is to be instant.
if (argv[0] === "--version" || argv[0] === "-v") process.stdout.write(`${pkg.version}\n`);
else process.exitCode = await (await import("./run.ts")).run(argv);
