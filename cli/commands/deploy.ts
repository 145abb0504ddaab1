import type { Command } from "../command.ts";
import { UsageError, wholeNumber, writing } from "../flags.ts";
import { environmentOf, modelOf, versionOf } from "./target.ts";
import { write } from "./write.ts";

export const deploy: Command = {
  summary: "Serve a registered version as a canary, or change its share of traffic, as a pull request",
  usage: "NAME --version V [--canary W]",
  details:
    "The first version of a model becomes stable at once; any other starts as a canary at the environment's first\n" +
    "step. With the running canary's version and another weight, only the weight changes.",
  flags: {
    version: { type: "string", value: "V", help: "the version to serve" },
    canary: { type: "string", value: "W", help: "share of traffic in percent; default: the environment's first step" },
    force: { type: "boolean", help: "also a version that was rejected here" },
    ...writing,
  },
  maxArgs: 1,
  examples: [
    "mmsp deploy fraud --version 3",
    "mmsp deploy fraud --version 3 --canary 50 --env prod",
    "mmsp deploy fraud --version 3 --dry-run",
  ],

  async run(input, context) {
    const model = modelOf(input);
    const version = versionOf(input, "version");
    if (version === null) throw new UsageError("--version is missing: which version?");
    const weight = input.text("canary");
    return write(
      {
        verb: "deploy",
        environment: environmentOf(input, context),
        model,
        version,
        weight: weight === undefined ? null : wholeNumber("canary", weight.replace(/%$/, "")),
        force: input.on("force"),
      },
      input,
      context,
    );
  },
};
