import { parseYaml, positionOf, type DocumentPath } from "./document.ts";
import type { Problem } from "./problem.ts";
import { readTree, type ReadTree } from "./read-tree.ts";
import { checkTree } from "./rules.ts";

/**
 * Documents (path -> text), with everything that is wrong with them: by the schemas, and where these are kept, by the rules.
 * `earlier`: as in `readTree`.
 */
export function checkDocuments(files: ReadonlyMap<string, string>, earlier?: ReadTree["read"]): ReadTree {
  const { tree, problems, read } = readTree(files, earlier);
  // To the rules a broken file looks as if it were not there.
  const broken = new Set(problems.map(({ file }) => file));
  const others = checkTree(tree).filter(({ file }) => !broken.has(file));
  return { tree, problems: [...problems, ...others].map((problem) => withPosition(problem, files)), read };
}

/** The problem with line and column of its path; as it is, where it has them or its file is not among `files`. */
export function withPosition(problem: Problem, files: ReadonlyMap<string, string>): Problem {
  const { file = "", line, path = "" } = problem;
  const text = files.get(file);
  if (line !== undefined || path === "" || text === undefined) return problem;
  return { ...problem, ...positionOf(parseYaml(file, text), pathOf(path)) };
}

/** `spec.previous[0]` -> `["spec", "previous", 0]`, for paths whose keys hold neither dots nor brackets. */
function pathOf(text: string): DocumentPath {
  const parts = text.match(/[^.[\]]+|\[\d+\]/g) ?? [];
  return parts.map((part) => (part.startsWith("[") ? Number(part.slice(1, -1)) : part));
}
