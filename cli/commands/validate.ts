import { checkTree } from "../../schemas/rules.ts";
import { formatProblem } from "../../schemas/problem.ts";
import { readTree } from "../../schemas/tree.ts";
import type { Command } from "../command.ts";
import { reading } from "../flags.ts";
import { readDocuments } from "./target.ts";

export const validate: Command = {
  summary: "Check every document against its schema and the rules",
  usage: "[--repo OWNER/NAME [--base BRANCH]]",
  flags: reading,
  maxArgs: 0,
  examples: ["mmsp validate", "mmsp validate --repo acme/models --base main", "mmsp validate --json"],

  async run(input, context) {
    const files = await readDocuments(input, context);
    const { tree, problems } = readTree(files);
    const all = [...problems, ...checkTree(tree)];
    const { style } = context;
    const summary =
      all.length === 0 ? style.green(`${files.size} documents are valid`) : style.red(count(all.length, "problem"));
    const text = [...all.map((problem) => formatProblem(problem)), summary, ""].join("\n");
    return {
      kind: "report",
      text,
      json: { valid: all.length === 0, documents: files.size, problems: all },
      ok: all.length === 0,
    };
  },
};

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
