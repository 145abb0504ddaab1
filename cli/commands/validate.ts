import { relative, sep } from "node:path";
import { checkDocuments } from "../../schemas/check-documents.ts";
import type { ValidateOutput } from "../../schemas/output/validate.ts";
import { withPositions } from "../../schemas/positions.ts";
import { formatPlace, formatProblem, ProblemError, sortedByPlace, type Problem } from "../../schemas/problem.ts";
import { settingsWithoutEffect } from "../../schemas/rules/without-effect.ts";
import { readSettings, withSettings } from "../../schemas/settings.ts";
import { storePath } from "../../schemas/store.ts";
import { storedFiles } from "../../schemas/stored-files.ts";
import type { Tree } from "../../schemas/tree.ts";
import { annotation } from "../annotations.ts";
import { codeFrame } from "../code-frame.ts";
import type { Command } from "../command.ts";
import type { Context } from "../context.ts";
import { choice, reading, UsageError, type Input } from "../flags.ts";
import { looksAtGitHub, readEverything } from "./target.ts";

const formats = ["text", "json", "github"] as const;

export const validate: Command = {
  summary: "Check every document against its schema and the rules",
  usage: "[--format text|json|github] [--repo OWNER/NAME [--base BRANCH]]",
  flags: {
    format: {
      type: "string",
      value: formats.join("|"),
      help: "json: as --json; github: annotations beside the lines of a pull request",
    },
    ...reading,
  },
  maxArgs: 0,
  examples: [
    "mmsp validate",
    "mmsp validate --format github",
    "mmsp validate --repo acme/models --base main",
    "mmsp validate --json",
  ],

  async run(input, context) {
    const format = formatOf(input);
    const checked = await check(input, context);
    const { documents, problems, notices } = checked;
    const { style } = context;
    const told = format === "github" ? annotations(checked, context) : paragraphs(checked, context);
    const json: ValidateOutput = { valid: problems.length === 0, documents, problems, notices };
    const summary = json.valid
      ? style.green(`${documents} documents are valid`)
      : style.red(`${problems.length} problem${problems.length === 1 ? "" : "s"}`);
    return { kind: "report", text: `${told}${summary}\n`, json, ok: json.valid };
  },
};

/** What was looked at, and everything that is wrong with it: by file, then by line. */
interface Checked {
  readonly files: ReadonlyMap<string, string>;
  readonly documents: number;
  readonly problems: readonly Problem[];
  /** What has no effect. */
  readonly notices: readonly Problem[];
}

function formatOf(input: Input): (typeof formats)[number] {
  const given = input.text("format");
  const format = choice("--format", given ?? "text", formats);
  if (input.on("json") && given !== undefined && format !== "json") {
    throw new UsageError(`--json and --format ${format} are two formats: give one`);
  }
  return format;
}

/** As compilers print them; on a terminal with the line that each is about. */
function paragraphs({ files, problems, notices }: Checked, { style, printsToTerminal }: Context): string {
  const told = problems.map((problem) => {
    const { file = "", line, column = 1 } = problem;
    const text = files.get(file);
    if (!printsToTerminal || text === undefined || line === undefined) return `${formatProblem(problem)}\n`;
    return `${formatPlace(problem)}\n${codeFrame(text, line, column, style)}  hint: ${problem.hint}\n`;
  });
  const noted = notices.map((notice) => `${style.yellow("note:")} ${formatProblem(notice)}\n`);
  return [...told, ...noted].join("");
}

function annotations({ problems, notices }: Checked, context: Context): string {
  const folder = folderInRepository(context);
  const errors = problems.map((problem) => annotation(problem, folder));
  return [...errors, ...notices.map((notice) => annotation(notice, folder, "notice"))].join("");
}

/** GitHub counts paths from the checkout, which need not be where `environments/` is. */
function folderInRepository({ cwd, edges, env }: Context): string {
  const checkout = env["GITHUB_WORKSPACE"];
  if (!checkout) return "";
  const folder = relative(checkout, edges.findTree(cwd).root).split(sep).join("/");
  return folder.startsWith("..") ? "" : folder;
}

async function check(input: Input, context: Context): Promise<Checked> {
  const { files, unreadable } = await readEverything(input, context);
  const untold = unreadable.flatMap(({ file }) => file ?? []);
  const { tree, problems } = checkDocuments(files, undefined, untold);
  // Over GitHub every file would be a download: there, the check of the pull request has a clone.
  const stored = looksAtGitHub(input) ? [] : await storeProblems(tree, context);
  const all = sortedByPlace([...unreadable, ...problems, ...withPositions(stored, files)]);
  const notices = sortedByPlace(withPositions(settingsWithoutEffect(tree), files));
  return { files, documents: files.size + unreadable.length, problems: all, notices };
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
