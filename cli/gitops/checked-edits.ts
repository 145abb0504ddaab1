import { ProblemError, type Problem } from "../../schemas/problem.ts";
import { readTree, type ReadTree } from "../../schemas/read-tree.ts";
import { checkTree } from "../../schemas/rules.ts";
import type { Change } from "./core/change.ts";
import type { FileWrite } from "./core/ports.ts";

/** What a change would break of documents that it was not planned over; of those that it was, this is a bug. */
export class WouldBreak extends Error {
  override readonly name = "WouldBreak";
  readonly problems: readonly Problem[];

  constructor({ title }: Change, problems: readonly Problem[]) {
    super(`"${title}" would break the documents, so it was not published`, { cause: new ProblemError(problems) });
    this.problems = problems;
  }
}

/**
 * A change as edits of these files, those that change something. A problem in the documents afterwards that was not there
 * before is a bug: it throws, and nothing is published. `before`: what the files were read as. `planned`: what
 * the change was planned over, where those are other documents: what was broken there comes along with it.
 */
export function checkedEdits(
  change: Change,
  files: ReadonlyMap<string, string>,
  before: ReadTree,
  renderChange: (change: Change, files: ReadonlyMap<string, string>) => readonly FileWrite[],
  planned: ReadTree = before,
): readonly FileWrite[] {
  const writes = renderChange(change, files).filter(({ path, content }) => (files.get(path) ?? null) !== content);
  const after = new Map(files);
  for (const { path, content } of writes) {
    if (typeof content === "string") after.set(path, content);
    else after.delete(path);
  }
  const known = new Set([before, planned].flatMap(problemsOf).map((problem) => identityOf(problem)));
  const fresh = problemsOf(readTree(after, before.read)).filter((problem) => !known.has(identityOf(problem)));
  if (fresh.length > 0) throw new WouldBreak(change, fresh);
  return writes;
}

/** The base branch may have got versions since that the change names and the branch lacks. */
export function unlessBroken(edits: () => readonly FileWrite[]): readonly FileWrite[] | WouldBreak {
  try {
    return edits();
  } catch (error) {
    if (error instanceof WouldBreak) return error;
    throw error;
  }
}

/** Where `unlessBroken` found that it would. */
export function branchBehind(branch: string, { problems }: WouldBreak): Problem {
  const [first] = problems;
  return {
    code: "branch-behind",
    message: `${branch} holds other people's commits and lacks what the base branch has: ${first?.message ?? ""}`,
    hint: `merge the base branch into it ("Update branch" on its pull request), or delete it, and try again`,
  };
}

function problemsOf({ tree, problems }: ReadTree): readonly Problem[] {
  return [...problems, ...checkTree(tree)];
}

/**
 * Lines move with every edit: a problem is the same wherever it stands. And a version whose document cannot be read is missing
 * under `stable` as it was under `previous`: a rollback to it makes nothing worse.
 */
function identityOf({ code, file, path, message }: Problem): string {
  return JSON.stringify([code, file, code === "version-unknown" ? null : path, message]);
}
