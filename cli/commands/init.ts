import type { InitOutput } from "../../schemas/output/init.ts";
import { fail } from "../../schemas/problem.ts";
import type { Project } from "../../schemas/project.ts";
import { withoutSecrets } from "../../schemas/secrets.ts";
import { readSettings } from "../../schemas/settings.ts";
import { paths } from "../../schemas/tree.ts";
import type { Command } from "../command.ts";
import type { Context } from "../context.ts";
import { shared, UsageError, type Input } from "../flags.ts";
import type { Outcome } from "../outcome.ts";
import { draftFiles, writeFiles, type FilesDraft } from "./init-files.ts";
import { checkBranch, checkRepository, projectOf, repositoryOfOrigin } from "./remote.ts";

const workflow = ".github/workflows/mmsp.yml";

export const init: Command = {
  summary: "Lay out environments/ in a repository; you commit and push it",
  usage: "[--check] [--dry-run] [--repo OWNER/NAME] [--base BRANCH]",
  details:
    "Writes only files that are not there yet, and nothing outside the working tree. With --check it writes nothing and\n" +
    "looks at the repository on GitHub: rights, branch rules, the workflow, the documents; 1 where something is missing.",
  flags: {
    check: { type: "boolean", help: "tell what is missing on GitHub, and what to do about it" },
    "dry-run": shared.dryRun,
    repo: { ...shared.repo, help: "on GitHub, or any git address; default: of the remote origin" },
    base: { ...shared.base, help: "base branch; default: main" },
  },
  maxArgs: 0,
  examples: [
    "mmsp init",
    "mmsp init --repo acme/models",
    "mmsp init --dry-run",
    "mmsp init -C ../models --repo acme/models",
    "mmsp init --check",
  ],

  async run(input, context) {
    if (input.on("check")) return (await import("./init-check.ts")).checkInit(input, context);
    const { cwd } = context;
    const project = await projectAt(cwd, context);
    const repository = await repositoryOf(input, project, context);
    const baseBranch = baseOf(input, project, context);
    const { writes, kept } = draftFiles(cwd, { repository, baseBranch });
    const wrote = writes.map(({ path }) => path);
    if (input.on("dry-run")) return preview({ repository, writes, kept }, input, context);
    writeFiles(cwd, writes);
    const lines = [
      ...wrote.map((path) => `  wrote ${path}`),
      ...kept.map((path) => `  kept  ${path} (it was there)`),
      `repository: ${repository}`,
      "",
      ...(wrote.length === 0
        ? ["nothing to do: everything is there"]
        : [...nextSteps(wrote), "  mmsp register NAME --model-path model.onnx"]),
      "",
    ];
    const json: InitOutput = { status: wrote.length === 0 ? "skipped" : "written", repository, wrote, kept };
    return { kind: "report", text: lines.join("\n"), json, ok: true };
  },
};

/** The workflow that was just written does not know yet where the mmsp that it runs comes from; only the person does. */
function nextSteps(wrote: readonly string[]): readonly string[] {
  if (!wrote.includes(workflow)) return ["Next: commit and push these files, then"];
  return [
    `Next: in ${workflow} fill in MMSP_SOURCE, where its check gets mmsp from (it fails until then),`,
    "commit and push these files, then",
  ];
}

/** The one that is laid out in this folder already. Throws a ProblemError where the folder is inside of another. */
async function projectAt(cwd: string, context: Context): Promise<Project | null> {
  const existing = await projectOf(context);
  if (existing !== null && existing.tree.root !== cwd) {
    fail({
      code: "project-above",
      file: cwd,
      message: `belongs to a project already: ${paths.project} is in ${existing.tree.root}`,
      hint: "a repository has one, at its root; for another, go out of this folder",
    });
  }
  return existing?.project ?? null;
}

/** The one that a project here names already, else `--repo`, else $MMSP_REPOSITORY, else the remote origin. */
async function repositoryOf(input: Input, project: Project | null, context: Context): Promise<string> {
  const asked = input.text("repo");
  if (asked !== undefined) checkRepository(asked);
  const named = project?.spec.repository;
  if (named !== undefined && asked !== undefined && named !== asked) differs("repository", named, asked);
  const { repository: variable } = readSettings(context.env);
  const given = named ?? asked ?? variable;
  if (given !== undefined) return given;
  const repository = await repositoryOfOrigin(context);
  if (repository !== null) return repository;
  const { origin } = await context.edges.gitFacts(context.cwd);
  const said =
    origin === null
      ? "There is no remote origin here"
      : `mmsp.yaml cannot name the remote origin, "${withoutSecrets(origin)}"`;
  throw new UsageError(
    `which repository? ${said}: name it with --repo OWNER/NAME on GitHub, or by its address, such as ssh://git@HOST/PATH`,
  );
}

/** The one that a project here has already, else `--base`, else $MMSP_BASE_BRANCH, else main. */
function baseOf(input: Input, project: Project | null, context: Context): string {
  const asked = input.text("base");
  if (asked !== undefined) checkBranch(asked);
  if (project === null) return asked ?? readSettings(context.env).baseBranch ?? "main";
  const named = project.spec.baseBranch ?? "main";
  return asked === undefined || asked === named ? named : differs("baseBranch", named, asked);
}

function differs(field: "repository" | "baseBranch", named: string, asked: string): never {
  return fail({
    code: field === "repository" ? "repository-differs" : "base-differs",
    file: paths.project,
    path: `spec.${field}`,
    message: `names ${named}, not ${asked}; nothing was written`,
    hint: "change it there: init leaves files that exist as they are",
  });
}

/** What would be written, as a diff on standard output; what it comes to is for the person beside it. */
async function preview(
  draft: FilesDraft & { readonly repository: string },
  input: Input,
  context: Context,
): Promise<Outcome> {
  const { repository, writes, kept } = draft;
  const { unifiedDiff } = await import("../gitops/render/diff.ts");
  const diff = unifiedDiff(new Map(), writes);
  const wrote = writes.map(({ path }) => path);
  const said = wrote.length === 0 ? "nothing to do: everything is there" : `${wrote.length} files would be written`;
  const json: InitOutput = { status: "dry-run", repository, wrote, kept: [...kept], diff };
  if (!input.on("json")) context.say(`${said} (dry run: nothing was written)\nrepository: ${repository}`);
  return { kind: "report", text: diff, json, ok: true };
}
