import type { DemoOutput } from "../../schemas/output/demo.ts";
import { fail } from "../../schemas/problem.ts";
import type { Command } from "../command.ts";

export const demo: Command = {
  summary: "Watch the whole loop on this machine: pull requests, a canary, a rollback by a commit",
  usage: "[--keep]",
  details:
    "Starts a GitHub of its own over a real git repository, a gateway and steady traffic, and plays real mmsp commands on\n" +
    "them. Needs no account and leaves nothing behind; every step is checked, and one that did not happen exits with 1.",
  flags: {
    keep: { type: "boolean", help: "leave everything running until Ctrl-C, and say what to try" },
  },
  maxArgs: 0,
  examples: ["mmsp demo", "mmsp demo --keep", "mmsp demo --json"],

  async run(input, context) {
    if (Bun.isStandaloneExecutable) {
      fail({
        code: "demo-needs-package",
        message:
          "the demo plays on models, data and GitHub's schema, which are in the package but not in this one file",
        hint: "run it from the package: bunx mmsp demo, or bun run demo in a clone",
      });
    }
    // With a GitHub in it, it is the heaviest of all, and help asks every command what it does.
    const [{ runDemo }, { renderReport }] = await Promise.all([
      import("../demo/run.ts"),
      import("../demo/report-text.ts"),
    ]);
    const keep = input.on("keep");
    const report = await runDemo(context, keep);
    const isToldAlready = keep && report.status === "ok";
    const text = isToldAlready ? "stopped; nothing is left\n" : renderReport(report, context.style);
    return { kind: "report", text, json: report satisfies DemoOutput, ok: report.status === "ok" };
  },
};
