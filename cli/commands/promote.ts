import type { Command } from "../command.ts";
import { writing } from "../flags.ts";
import { environmentOf, modelOf, validName, versionOf } from "./target.ts";
import { write } from "./write.ts";

export const promote: Command = {
  summary: "Make the canary stable, or take the stable version to another environment, as a pull request",
  usage: "NAME [--version V] [--to ENV]",
  flags: {
    version: {
      type: "string",
      value: "V",
      help: "must be the canary's (with --to: the stable one's); guards against races",
    },
    to: { type: "string", value: "ENV", help: "start it as a canary there, artifact copied and verified" },
    ...writing,
  },
  maxArgs: 1,
  examples: [
    "mmsp promote fraud",
    "mmsp promote fraud --version 3 --env staging",
    "mmsp promote fraud --env staging --to prod",
  ],

  async run(input, context) {
    const environment = environmentOf(input, context);
    const target = input.text("to");
    const to = target === undefined ? null : validName("environment", target);
    const version = versionOf(input, "version");
    return write({ verb: "promote", environment, model: modelOf(input), version, to }, input, context);
  },
};
