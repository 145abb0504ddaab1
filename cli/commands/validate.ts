import { checkDocuments, withPosition } from "../../schemas/check-documents.ts";
import type { ValidateOutput } from "../../schemas/output/validate.ts";
import { formatProblem, ProblemError, type Problem } from "../../schemas/problem.ts";
import { readSettings, withSettings } from "../../schemas/settings.ts";
import { storePath } from "../../schemas/store.ts";
import { storedFiles } from "../../schemas/stored-files.ts";
import { isDocument, type Tree } from "../../schemas/tree.ts";
import type { Command } from "../command.ts";
import type { Context } from "../context.ts";
import { reading, type Input } from "../flags.ts";
import { looksAtGitHub, readDocuments } from "./target.ts";

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
    const json: ValidateOutput = { valid: all.length === 0, documents, problems: all };
    return { kind: "report", text, json, ok: json.valid };
  },
};

interface Checked {
  readonly documents: number;
  readonly problems: readonly Problem[];
}

/** A file that is no text is for this command to tell, as any other problem; what is around the documents is not. */
async function check(input: Input, context: Context): Promise<Checked> {
  let files: ReadonlyMap<string, string>;
  try {
    files = await readDocuments(input, context);
  } catch (error) {
    const inDocuments = error instanceof ProblemError && error.problems.every(({ file = "" }) => isDocument(file));
    if (inDocuments) return { documents: error.problems.length, problems: error.problems };
    throw error;
  }
  const { tree, problems } = checkDocuments(files);
  // Over GitHub every file would be a download: there, the check of the pull request has a clone.
  const stored = looksAtGitHub(input) ? [] : await storeProblems(tree, context);
  return { documents: files.size, problems: [...problems, ...stored.map((problem) => withPosition(problem, files))] };
}

/** Model files in the working tree that are missing, damaged, or git-lfs pointers: nobody could serve what is registered. */
async function storeProblems(tree: Tree, context: Context): Promise<readonly Problem[]> {
  const { root } = context.edges.findTree(context.cwd);
  const problems: Problem[] = [];
  for (const { store, key, file, path } of storedFiles(withSettings(tree, readSettings(context.env)))) {
    try {
      await context.edges.openStore(store, root).read(key);
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      const place = storePath(store, key);
      for (const { code, message, hint } of error.problems) {
        problems.push({ code, file, path, message: `${place}: ${message}`, hint });
      }
    }
  }
  return problems;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
