import { parseManifest } from "../../schemas/document.ts";
import { validateProject } from "../../schemas/kinds.ts";
import { fail, ProblemError } from "../../schemas/problem.ts";
import type { Project } from "../../schemas/project.ts";
import { repositoryPattern } from "../../schemas/repository.ts";
import { withoutSecrets } from "../../schemas/secrets.ts";
import { paths } from "../../schemas/tree.ts";
import type { Context, Remote, Tree } from "../context.ts";
import { UsageError, type Input } from "../flags.ts";

/** mmsp.yaml of the tree that the command runs in, or null outside of one. Throws a ProblemError where it is broken. */
export async function projectOf(context: Context): Promise<{ tree: Tree; project: Project } | null> {
  let tree: Tree;
  try {
    tree = context.edges.findTree(context.cwd);
  } catch {
    return null;
  }
  const { files, unreadable } = await tree.read({ models: [], environments: [] });
  const broken = unreadable.filter(({ file }) => file === paths.project);
  if (broken.length > 0) throw new ProblemError(broken);
  const text = files.get(paths.project) ?? "";
  const parsed = parseManifest(paths.project, text, validateProject);
  if (parsed.value === null) throw new ProblemError(parsed.problems);
  return { tree, project: parsed.value };
}

/** The base branch of a clone: what the variable, else what mmsp.yaml of the tree says. */
export async function baseBranchOf(context: Context): Promise<string> {
  const { readSettings } = await import("../../schemas/settings.ts");
  return readSettings(context.env).baseBranch ?? (await projectOf(context))?.project.spec.baseBranch ?? "main";
}

/** Throws a UsageError for what is neither OWNER/NAME nor the address of a git remote. */
export function checkRepository(text: string): void {
  if (repositoryPattern.test(text)) return;
  const password = /^[a-z]+:\/\/[^/\s]*@/.test(text);
  // Whoever typed a password does not want to read it again.
  if (password) throw new UsageError("--repo takes an address without a user or password: see MMSP_GIT_TOKEN");
  throw new UsageError(`--repo takes OWNER/NAME or the address of a git remote, not "${withoutSecrets(text)}"`);
}

/** Throws a UsageError for what git would not take as a branch, or what YAML and a shell would read otherwise. */
export function checkBranch(text: string): void {
  if (/^[A-Za-z0-9_][A-Za-z0-9._/-]*$/.test(text) && !/\.\.|\/\/|\/$|\.lock$|\.$/.test(text)) return;
  throw new UsageError(`--base takes the name of a branch, not "${text}"`);
}

/**
 * `--repo` and `--base`, else what the variables, else what mmsp.yaml of the tree says. `fallback`: the repository where none of
 * them does; null: still unknown.
 */
export async function remoteOf(
  input: Input,
  context: Context,
  fallback: () => Promise<string | null> = async () => null,
): Promise<Remote> {
  // What a command that stays in the working tree does not ask, it does not load.
  const { readSettings } = await import("../../schemas/settings.ts");
  const settings = readSettings(context.env);
  const asked = { repository: input.text("repo"), branch: input.text("base") };
  if (asked.repository !== undefined) checkRepository(asked.repository);
  if (asked.branch !== undefined) checkBranch(asked.branch);
  const repository = asked.repository ?? settings.repository;
  const branch = asked.branch ?? settings.baseBranch;
  const found = repository === undefined || branch === undefined ? await projectOf(context) : null;
  const base = branch ?? found?.project.spec.baseBranch ?? "main";
  const name = repository ?? found?.project.spec.repository ?? (await fallback());
  if (name !== null) return { repository: name, baseBranch: base };
  return fail({
    code: "repository-unknown",
    message: `which repository? There is no ${paths.project} here or in a folder above`,
    hint:
      "name it with --repo OWNER/NAME (or a git address) or in MMSP_REPOSITORY, go into its clone, or edit the working " +
      "tree with --local",
  });
}

/** What mmsp.yaml calls the remote `origin` of the clone around the working folder; null where it is none, or cannot be named. */
export async function repositoryOfOrigin({ edges, cwd }: Context): Promise<string | null> {
  const { origin } = await edges.gitFacts(cwd);
  return origin === null ? null : edges.repositoryAt(origin);
}
