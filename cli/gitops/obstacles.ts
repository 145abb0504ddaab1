import type { Problem } from "../../schemas/problem.ts";
import { paths } from "../../schemas/tree.ts";
import type { Command } from "./core/change.ts";

/** What is wrong with the documents before a change, by what it means for the command. */
export interface Obstacles {
  readonly stopping: readonly Problem[];
  /** Does not hold the command up; one line each, for people. */
  readonly notices: readonly string[];
}

/** Broken documents that a notice names before it says how many more there are. */
const maxNoticed = 3;

/**
 * A document that cannot be read would be planned over as if it were not there. Only a rollback goes on as long as the two
 * files that it edits can be read: a slip in anything else must not keep a bad version in git.
 */
export function obstaclesOf(problems: readonly Problem[], command: Command): Obstacles {
  if (command.verb !== "rollback") return { stopping: problems, notices: [] };
  const { environment, model } = command;
  const own = [paths.deployment(environment, model), paths.deploymentKustomization(environment, model)];
  const isOwn = ({ file }: Problem): boolean => file === undefined || own.includes(file);
  const files = new Map(problems.filter((problem) => !isOwn(problem)).map((problem) => [problem.file, problem]));
  const named = [...files.values()].slice(0, maxNoticed).map(noticeOf);
  const more = files.size - named.length;
  return {
    stopping: problems.filter(isOwn),
    notices: more > 0 ? [...named, `documents that are broken besides: ${more}; mmsp validate tells all of it`] : named,
  };
}

/** Without the line: an edit above it would make another notice of the same thing. */
function noticeOf({ file, path, message }: Problem): string {
  return `${file ?? ""} is broken, which did not hold up the rollback: ${path === undefined ? "" : `${path} `}${message}`;
}
