import { formatPath, type DocumentPath } from "../document.ts";
import type { Problem } from "../problem.ts";

/** Adds a problem. `hint` says what to do next: whoever finds something wrong knows that best. */
export type Say = (code: string, path: DocumentPath, message: string, hint: string) => void;

/** Runs a rule as far as the document can be read: what is said until it reads a part that is broken holds all the same. */
export type Rule = (check: () => void) => void;

/** Thrown where a part of a document is read that breaks its schema: what depends on that part cannot be said. */
export class BrokenPart extends Error {
  override readonly name = "BrokenPart";
}

/** The problems of one file, as they are found. An empty path stands for the whole of it. */
export function problemsIn(file: string): {
  readonly problems: readonly Problem[];
  readonly say: Say;
  readonly rule: Rule;
} {
  const problems: Problem[] = [];
  return {
    problems,
    say: (code, path, message, hint) => {
      problems.push({ code, file, ...(path.length > 0 ? { path: formatPath(path) } : {}), message, hint });
    },
    rule,
  };
}

function rule(check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof BrokenPart)) throw error;
  }
}
