import type { Command } from "../command.ts";
import { UsageError, writing } from "../flags.ts";
import { environmentOf, modelOf, versionOf } from "./target.ts";
import { write } from "./write.ts";

export const rollback: Command = {
  summary: "Take a version out: the canary, or else the stable one, as a pull request or at once",
  usage: "NAME [--version V] [--to V] [--reason TEXT] [--commit]",
  details:
    "Removes the canary; where there is none, the version that was stable before comes back. What left is recorded\n" +
    "under `rejected`, and nothing serves it again until it is deployed with --force. Locks do not stop a rollback.\n" +
    "With --version nothing else leaves, whatever has happened since. Without it and --to, taking the stable version out\n" +
    "is refused for ten minutes after another version left, and where a merge has left a rejected version in the document\n" +
    "as stable or canary: nobody can tell which one is meant.",
  flags: {
    to: { type: "string", value: "V", completes: "earlier-version", help: "the version to go back to" },
    version: {
      type: "string",
      value: "V",
      help: "the canary's or the stable one's, which is to leave; guards against races",
      completes: "served-version",
    },
    reason: { type: "string", value: "TEXT", help: "one line for the record" },
    commit: { type: "boolean", help: "commit straight to the base branch, without a pull request" },
    ...writing,
  },
  maxArgs: 1,
  examples: [
    "mmsp rollback fraud --version 3",
    'mmsp rollback fraud --reason "scores drift on weekends"',
    "mmsp rollback fraud --env prod --commit",
    "mmsp rollback fraud --to 1",
  ],

  async run(input, context) {
    const commit = input.on("commit");
    if (commit && input.on("local")) throw new UsageError("--commit and --local exclude each other");
    return write(
      {
        verb: "rollback",
        environment: environmentOf(input, context),
        model: modelOf(input),
        version: versionOf(input, "version"),
        to: versionOf(input, "to"),
        by: "person",
        reason: input.text("reason") ?? "",
        evidence: {},
        cut: null,
      },
      input,
      context,
      { commit },
    );
  },
};
