import { ProblemError, type Problem } from "../../schemas/problem.ts";

/** The problems that an action stops with; an error where it goes through or throws anything else. */
export async function problemsOf(action: () => unknown): Promise<readonly Problem[]> {
  try {
    await action();
  } catch (error) {
    if (error instanceof ProblemError) return error.problems;
    throw error;
  }
  throw new Error("expected a ProblemError, but the action went through");
}

/** The only problem that an action stops with. */
export async function problemOf(action: () => unknown): Promise<Problem> {
  const problems = await problemsOf(action);
  const [problem] = problems;
  if (problem === undefined || problems.length > 1) throw new Error(`expected one problem, got ${problems.length}`);
  return problem;
}
