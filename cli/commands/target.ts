import { parseManifest } from "../../schemas/document.ts";
import { validateProject } from "../../schemas/kinds.ts";
import { fail, ProblemError } from "../../schemas/problem.ts";
import { readTree } from "../../schemas/read-tree.ts";
import type { Project } from "../../schemas/project.ts";
import { repositoryPattern } from "../../schemas/repository.ts";
import { withoutSecrets } from "../../schemas/secrets.ts";
import { type DocumentKind, meantPath, paths, placeOf } from "../../schemas/tree.ts";
import type { Context, Remote, Tree } from "../context.ts";
import { environmentProblems, nameProblems } from "../gitops/core/names.ts";
import type { Snapshot } from "../gitops/core/ports.ts";
import { UsageError, wholeNumber, type Input } from "../flags.ts";

/** The model: the argument or `--name`, not both. */
export function modelOf(input: Input): string {
  const model = optionalModelOf(input);
  if (model === null) throw new UsageError("which model? Give its name");
  return model;
}

/** The same; null where none is named. */
export function optionalModelOf(input: Input): string | null {
  const [argument] = input.args;
  const named = input.text("name");
  if (argument !== undefined && named !== undefined && argument !== named) {
    throw new UsageError(`the model is "${argument}" and --name "${named}": give one`);
  }
  const model = argument ?? named;
  if (model === "") throw new UsageError("which model? Give its name");
  return model === undefined ? null : validName("model", model);
}

/** `--env`, else $MMSP_ENV, else dev. */
export function environmentOf(input: Input, context: Context): string {
  const given = input.text("env");
  const variable = context.env["MMSP_ENV"] || undefined;
  if (given !== undefined || variable === undefined) return validName("environment", given ?? "dev");
  const problems = nameProblems("environment", variable);
  if (problems.length > 0) throw new ProblemError(problems.map((problem) => ({ ...problem, path: "MMSP_ENV" })));
  return variable;
}

/**
 * The same, which must be there: of a working tree that is known, of a branch on GitHub whoever reads it will say. Throws a
 * ProblemError.
 */
export async function knownEnvironment(input: Input, context: Context): Promise<string> {
  const environment = environmentOf(input, context);
  if (looksAtGitHub(input)) return environment;
  const files = context.edges.findTree(context.cwd);
  const problemsIn = (snapshot: Snapshot) =>
    environmentProblems({ ...snapshot, tree: readTree(snapshot.files).tree, now: "" }, environment);
  const snapshot = await files.read({ models: [], environments: [environment] });
  if (problemsIn(snapshot).length === 0) return environment;
  // The policies of those that are there tell their order.
  throw new ProblemError(problemsIn(await files.read({ models: [], environments: snapshot.environmentNames })));
}

/** The name, which becomes part of paths and branches; throws a ProblemError where it cannot. */
export function validName(what: "model" | "environment", name: string): string {
  const problems = nameProblems(what, name);
  if (problems.length > 0) throw new ProblemError(problems);
  return name;
}

/** A version number from a flag: `3`, or `v3` as people write it. Throws a UsageError for what is none. */
export function versionOf(input: Input, flag: string): number | null {
  const text = input.text(flag);
  if (text === undefined) return null;
  const version = wholeNumber(flag, text.replace(/^v(?=\d)/i, ""));
  if (version >= 1) return version;
  throw new UsageError(`--${flag} takes a whole number from 1, not "${text}"`);
}

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

/** Whether a command that reads is to look at GitHub instead of the working tree. */
export function looksAtGitHub(input: Input): boolean {
  if (input.text("repo") !== undefined) return true;
  if (input.text("base") === undefined) return false;
  throw new UsageError("--base names a branch of --repo OWNER/NAME: without it the working tree is read");
}

/** Throws a UsageError where `--local` meets a flag that is about the repository elsewhere. */
export function refuseMixedFlags(input: Input): void {
  const remoteFlag = ["repo", "base"].find((flag) => input.text(flag) !== undefined);
  if (!input.on("local") || remoteFlag === undefined) return;
  throw new UsageError(`--local and --${remoteFlag} exclude each other: --local is about the working tree alone`);
}

/**
 * Every document, or every one of some `kinds`, of GitHub with `--repo`, else of the working tree; and what is wrong with each
 * that is no text.
 */
export async function readEverything(
  input: Input,
  context: Context,
  kinds?: ReadonlySet<DocumentKind>,
): Promise<Pick<Snapshot, "files" | "unreadable">> {
  if (!looksAtGitHub(input)) return context.edges.findTree(context.cwd).readEvery(kinds);
  const forge = await context.edges.openForge(await remoteOf(input, context));
  const every = await forge.read({ models: null, environments: [] });
  if (kinds === undefined) return every;
  const isAsked = (path: string): boolean => {
    const place = placeOf(meantPath(path));
    return place !== null && kinds.has(place.kind);
  };
  return {
    files: new Map([...every.files].filter(([path]) => isAsked(path))),
    unreadable: every.unreadable.filter(({ file = "" }) => isAsked(file)),
  };
}

/** The documents alone. Throws a ProblemError where one is no readable text. */
export async function readDocuments(
  input: Input,
  context: Context,
  kinds?: ReadonlySet<DocumentKind>,
): Promise<ReadonlyMap<string, string>> {
  const { files, unreadable } = await readEverything(input, context, kinds);
  if (unreadable.length > 0) throw new ProblemError(unreadable);
  return files;
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
