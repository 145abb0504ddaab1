import { ProblemError } from "../../schemas/problem.ts";
import { readTree } from "../../schemas/read-tree.ts";
import { type DocumentKind, meantPath, placeOf } from "../../schemas/tree.ts";
import type { Context, Documents } from "../context.ts";
import type { environmentProblems, nameProblems } from "../gitops/core/names.ts";
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
  const problems = names().nameProblems("environment", variable);
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
    names().environmentProblems({ ...snapshot, tree: readTree(snapshot.files).tree, now: "" }, environment);
  const snapshot = await files.read({ models: [], environments: [environment] });
  if (problemsIn(snapshot).length === 0) return environment;
  // The policies of those that are there tell their order.
  throw new ProblemError(problemsIn(await files.read({ models: [], environments: snapshot.environmentNames })));
}

/** Loaded where somebody names something. */
function names(): {
  readonly nameProblems: typeof nameProblems;
  readonly environmentProblems: typeof environmentProblems;
} {
  return require("../gitops/core/names.ts") as ReturnType<typeof names>;
}

/** The name, which becomes part of paths and branches; throws a ProblemError where it cannot. */
export function validName(what: "model" | "environment", name: string): string {
  const problems = names().nameProblems(what, name);
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
): Promise<Documents> {
  if (!looksAtGitHub(input)) return context.edges.findTree(context.cwd).readEvery(kinds);
  const { remoteOf } = await import("./remote.ts");
  const forge = await context.edges.openForge(await remoteOf(input, context));
  const { files, unreadable } = await forge.read({ models: null, environments: [] });
  const isAsked = (path: string): boolean => {
    const place = placeOf(meantPath(path));
    return kinds === undefined || (place !== null && kinds.has(place.kind));
  };
  return {
    files: new Map([...files].filter(([path]) => isAsked(path))),
    unreadable: unreadable.filter(({ file = "" }) => isAsked(file)),
    has: (path) => files.has(path) || unreadable.some(({ file }) => file === path),
  };
}

/** What a person types to hear of every problem of the same documents. */
export function validateCommand(input: Input): string {
  const given = (["repo", "base"] as const).flatMap((flag) => {
    const value = input.text(flag);
    return value === undefined ? [] : [` --${flag} ${value}`];
  });
  return `mmsp validate${given.join("")}`;
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
