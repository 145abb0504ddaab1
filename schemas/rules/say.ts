import { formatPath, type DocumentPath } from "../document.ts";
import type { Problem } from "../problem.ts";

/** Adds a problem. `hint` says what to do next: whoever finds something wrong knows that best. */
export type Say = (code: string, path: DocumentPath, message: string, hint: string) => void;

/** The problems of one file, as they are found. An empty path stands for the whole of it. */
export function problemsIn(file: string): { readonly problems: readonly Problem[]; readonly say: Say } {
  const problems: Problem[] = [];
  return {
    problems,
    say: (code, path, message, hint) => {
      problems.push({ code, file, ...(path.length > 0 ? { path: formatPath(path) } : {}), message, hint });
    },
  };
}
