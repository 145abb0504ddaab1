import { checkTree } from "../../schemas/rules.ts";
import { formatProblem, ProblemError, type Problem } from "../../schemas/problem.ts";
import { readTree } from "../../schemas/read-tree.ts";
import { isDocument } from "../../schemas/tree.ts";
import type { Command } from "../command.ts";
import type { Context } from "../context.ts";
import { reading, type Input } from "../flags.ts";
import { readDocuments } from "./target.ts";

export const validate: Command = {
  summary: "Check every document against its schema and the rules",
  usage: "[--repo OWNER/NAME [--base BRANCH]]",
  flags: reading,
  maxArgs: 0,
  examples: ["mmsp validate", "mmsp validate --repo acme/models --base main", "mmsp validate --json"],

  async run(input, context) {
    const { documents, problems: all } = await check(input, context);
    const { style } = context;
    const summary =
      all.length === 0 ? style.green(`${documents} documents are valid`) : style.red(count(all.length, "problem"));
    const text = [...all.map((problem) => formatProblem(problem)), summary, ""].join("\n");
    return {
      kind: "report",
      text,
      json: { valid: all.length === 0, documents, problems: all },
      ok: all.length === 0,
    };
  },
};

/** A file that is no text is for this command to tell, as any other problem; what is around the documents is not. */
async function check(
  input: Input,
  context: Context,
): Promise<{ readonly documents: number; readonly problems: readonly Problem[] }> {
  let files: ReadonlyMap<string, string>;
  try {
    files = await readDocuments(input, context);
  } catch (error) {
    const inDocuments = error instanceof ProblemError && error.problems.every(({ file = "" }) => isDocument(file));
    if (inDocuments) return { documents: error.problems.length, problems: error.problems };
    throw error;
  }
  const { tree, problems } = readTree(files);
  return { documents: files.size, problems: [...problems, ...checkTree(tree)] };
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
