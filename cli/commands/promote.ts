import type { Command } from "../command.ts";
import { UsageError, writing, type Input } from "../flags.ts";
import { environmentOf, modelOf, validName, versionOf } from "./target.ts";
import { write } from "./write.ts";

export const promote: Command = {
  summary: "Make the canary stable, or take the stable version to another environment, as a pull request",
  usage: "NAME|--all [--version V] [--to ENV]",
  details:
    "Refused where the model is locked and while the environment is frozen. With --to also for a version that is not\n" +
    "stable where it comes from, that was rejected in either environment, while another version is the canary there, and\n" +
    "for one that clients of the stable version there would break on. --all does it for every model of the environment\n" +
    "in one pull request, or brings the one that it has open up to date. Models that are refused are left out and told: the\n" +
    "others go on, and the exit code is 1.",
  flags: {
    version: {
      type: "string",
      value: "V",
      help: "must be the canary's (with --to: the stable one's); guards against races",
    },
    to: {
      type: "string",
      value: "ENV",
      help: "start it as a canary there, artifact copied and verified",
      completes: "other-environment",
    },
    all: { type: "boolean", help: "every canary of the environment; with --to every stable version" },
    replace: { type: "boolean", help: "with --to: take another canary's place; that one is not rejected" },
    "allow-signature-change": {
      type: "boolean",
      help: "with --to: also a version that clients of the stable one break on",
    },
    ...writing,
  },
  maxArgs: 1,
  examples: [
    "mmsp promote fraud",
    "mmsp promote fraud --version 3 --env staging",
    "mmsp promote fraud --env staging --to prod",
    "mmsp promote --all --env staging",
  ],

  async run(input, context) {
    const to = targetOf(input);
    const environment = environmentOf(input, context);
    const rules = { replace: input.on("replace"), allowSignatureChange: input.on("allow-signature-change") };
    const command = { verb: "promote", environment, to, ...rules } as const;
    if (input.on("all")) {
      refuseNames(input);
      const { writeSet } = await import("./write-set.ts");
      return writeSet(command, input, context);
    }
    return write({ ...command, model: modelOf(input), version: versionOf(input, "version") }, input, context);
  },
};

function targetOf(input: Input): string | null {
  const target = input.text("to");
  if (target !== undefined) return validName("environment", target);
  const flag = ["replace", "allow-signature-change"].find((name) => input.on(name));
  if (flag !== undefined)
    throw new UsageError(`--${flag} goes with --to: what is the canary already was let in before`);
  return null;
}

/** `--all` is about every model, at the version that it has. */
function refuseNames(input: Input): void {
  const [model] = [...input.args, input.text("name")];
  if (model !== undefined) throw new UsageError(`--all is every model, and "${model}" is one: give one of them`);
  if (input.text("version") !== undefined) throw new UsageError("--all and --version exclude each other");
}
