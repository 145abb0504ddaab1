import { fail, ProblemError } from "../../schemas/problem.ts";
import { readTree } from "../../schemas/read-tree.ts";
import type { Tree } from "../../schemas/tree.ts";
import type { Forge, OpenPull, RemoteSnapshot } from "./core/ports.ts";
import { modelOfRegistration } from "./core/proposals.ts";
import { listedFiles, pullsPerCall } from "./pull-names.ts";

/** The models whose entries a branch may change; null: all of them, where nobody can tell. */
type Models = ReadonlySet<string> | null;

/**
 * The registry entries on every open branch that changes one: by a branch's name, and by what open pull requests touch. They
 * name files which the base branch does not name yet. Throws a ProblemError where that cannot be seen: a document that is
 * broken, or that is in somebody's fork, may name any file.
 */
export async function openRegistrations(
  { proposals, openPulls }: Pick<RemoteSnapshot, "proposals" | "openPulls">,
  forge: Forge,
): Promise<readonly Tree[]> {
  const branches = new Map<string, Models>();
  for (const { branch } of proposals) {
    const model = modelOfRegistration(branch);
    if (model !== null) branches.set(branch, new Set([model]));
  }
  for (let at = 0; at < openPulls.length; at += pullsPerCall) {
    const pulls = openPulls.slice(at, at + pullsPerCall);
    const changed = await forge.changedFiles(pulls.map(({ number }) => number));
    for (const pull of pulls) {
      const models = modelsIn(changed.get(pull.number) ?? []);
      if (models?.size === 0) continue;
      const branch = pull.branch ?? unseen(pull);
      branches.set(branch, together(branches.get(branch), models));
    }
  }
  const trees: Tree[] = [];
  for (const [branch, models] of branches) trees.push(await treeOn(branch, models, forge));
  return trees;
}

/** The documents of a snapshot. Throws a ProblemError where one cannot be read: it may name any file. */
export function wholeTree({ files, unreadable }: Pick<RemoteSnapshot, "files" | "unreadable">): Tree {
  const { tree, problems } = readTree(files);
  if (unreadable.length + problems.length > 0) throw new ProblemError([...unreadable, ...problems]);
  return tree;
}

function modelsIn(files: readonly string[]): Models {
  if (files.length >= listedFiles) return null;
  return new Set(files.flatMap((file) => /^environments\/registry\/([^/]+)\//.exec(file)?.[1] ?? []));
}

function together(some: Models | undefined, others: Models): Models {
  if (some === undefined) return others;
  return some === null || others === null ? null : new Set([...some, ...others]);
}

async function treeOn(branch: string, models: Models, forge: Forge): Promise<Tree> {
  const scope = { models: models === null ? null : [...models], environments: [] };
  const snapshot = await forge.read(scope, branch);
  try {
    return wholeTree(snapshot);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const problems = error.problems.map((problem) => ({ ...problem, message: `${problem.message} (on ${branch})` }));
    throw new ProblemError(problems, { cause: error });
  }
}

function unseen({ number, url }: OpenPull): never {
  return fail({
    code: "registration-unseen",
    message: `pull request #${number} may register a version, and comes from a fork: which files it names cannot be seen`,
    hint: `merge or close it, then again: ${url}`,
  });
}
