/**
 * Something a user can mend, told in full: what is wrong, where, and what to do next.
 * `line` and `column` start at 1; `path` is the place inside the document (`spec.canary.weight`).
 */
export interface Problem {
  /** Stable, kebab-case, for programs: `version-unknown`. */
  readonly code: string;
  readonly message: string;
  /** What to do next. */
  readonly hint: string;
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  readonly path?: string | undefined;
}

/** Carries problems through code that cannot go on. Everything else that is thrown is a bug or an outside failure. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], options?: ErrorOptions) {
    super(problems.map((problem) => formatProblem(problem)).join("\n"), options);
    this.problems = problems;
  }
}

/** Stops with one problem. */
export function fail(problem: Problem, options?: ErrorOptions): never {
  throw new ProblemError([problem], options);
}

/** By file, then by line and column; what is of a whole file comes first, what is of none before all. */
export function sortedByPlace(problems: readonly Problem[]): readonly Problem[] {
  return problems.toSorted((a, b) => {
    const [one = "", other = ""] = [a.file, b.file];
    if (one !== other) return one < other ? -1 : 1;
    return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
  });
}

/** `file:line:column path: message` and the hint on a line of its own, as compilers print it. */
export function formatProblem(problem: Problem): string {
  return `${formatPlace(problem)}\n  hint: ${problem.hint}`;
}

/** The first of these two lines. */
export function formatPlace(problem: Omit<Problem, "hint">): string {
  const place = [problem.file, problem.line, problem.column].filter((part) => part !== undefined).join(":");
  const head = [place, problem.path].filter((part) => part !== undefined && part !== "").join(" ");
  return `${head === "" ? "" : `${head}: `}${problem.message}`;
}
