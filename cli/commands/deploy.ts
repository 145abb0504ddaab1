import type { Command } from "../command.ts";
import { didYouMean, UsageError, writing, type Input } from "../flags.ts";
import { maxSteps, stepsProblems } from "../gitops/core/steps.ts";
import { environmentOf, modelOf, versionOf } from "./target.ts";
import { write } from "./write.ts";

export const deploy: Command = {
  summary: "Serve a registered version as a canary, or change its share of traffic, as a pull request",
  usage: "NAME --version V [--canary W|next] [--steps A,B,...]",
  details:
    "The first version of a model becomes stable at once; any other starts as a canary at its first step: of --steps,\n" +
    "else of the environment. With the running canary's version only its weight or its steps change; --canary next goes\n" +
    "to the next step. Refused while another version is the canary, for a version that was rejected, for one that clients\n" +
    "of the stable version would break on, where the model is locked, and while the environment is frozen.",
  flags: {
    version: { type: "string", value: "V", help: "the version to serve" },
    canary: {
      type: "string",
      value: "W",
      help: "share of traffic in percent, or next; default: the first step",
      completes: "weight",
    },
    steps: { type: "string", value: "A,B", help: "weights on the way to stable, recorded with the canary" },
    replace: { type: "boolean", help: "take another canary's place; that one is not rejected" },
    "allow-signature-change": { type: "boolean", help: "also a version that clients of the stable one break on" },
    force: { type: "boolean", help: "also a version that was rejected here" },
    ...writing,
  },
  maxArgs: 1,
  examples: [
    "mmsp deploy fraud --version 3",
    "mmsp deploy fraud --version 3 --canary 50 --env prod",
    "mmsp deploy fraud --version 3 --steps 5,25,50,100",
    "mmsp deploy fraud --version 3 --canary next",
    "mmsp deploy fraud --version 3 --dry-run",
  ],

  async run(input, context) {
    const model = modelOf(input);
    const version = versionOf(input, "version");
    if (version === null) throw new UsageError("--version is missing: which version?");
    return write(
      {
        verb: "deploy",
        environment: environmentOf(input, context),
        model,
        version,
        weight: weightOf(input),
        steps: stepsOf(input),
        force: input.on("force"),
        replace: input.on("replace"),
        allowSignatureChange: input.on("allow-signature-change"),
      },
      input,
      context,
    );
  },
};

/** `30`, `30%` or `next`. */
function weightOf(input: Input): number | "next" | null {
  const text = input.text("canary");
  if (text === undefined) return null;
  if (text === "next") return "next";
  const weight = percentageOf(text);
  if (weight !== null && weight >= 0 && weight <= 100) return weight;
  const meant = didYouMean(text, ["next"], (near) => near);
  throw new UsageError(`--canary takes a whole percentage from 0 to 100, or next, not "${text}"${meant}`);
}

/** `5,25,50,100`, with or without percent signs. */
function stepsOf(input: Input): readonly number[] | null {
  const text = input.text("steps");
  if (text === undefined) return null;
  const steps = text.split(",").map((step) => percentageOf(step.trim()) ?? Number.NaN);
  if (stepsProblems(steps).length === 0) return steps;
  const expected = `at most ${maxSteps} whole percentages from 1 to 100, the smallest first`;
  throw new UsageError(`--steps takes ${expected}, not "${text}"`);
}

/** Of `30` or `30%`; null where it is no whole number. */
function percentageOf(text: string): number | null {
  return /^-?\d{1,9}%?$/.test(text) ? Number(text.replace("%", "")) : null;
}
