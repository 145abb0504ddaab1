#!/usr/bin/env bun
import pkg from "../package.json" with { type: "json" };
import { printOut } from "./streams.ts";

const argv = process.argv.slice(2);
// Answered before anything else is loaded: scripts ask it, and it is to be instant.
if (argv[0] === "--version" || argv[0] === "-v" || argv[0] === "version") await printOut(`${pkg.version}\n`);
else process.exitCode = await (await import("./run.ts")).run(argv);
