import { formatProblem, ProblemError } from "../schemas/problem.ts";
import type { Clock, Log } from "./react/ports.ts";

/** One JSON object a line on stderr, for people with `jq` and for log collectors. */
export const writeLog: Log = (level, message, details = {}) => {
  const entry = { at: new Date().toISOString(), level, message, ...details };
  process.stderr.write(`${JSON.stringify(entry, (_, value: unknown) => readable(value))}\n`);
};

/** Errors say what happened and why; stacks only of those that nobody foresaw. */
function readable(value: unknown): unknown {
  if (value instanceof ProblemError) return value.problems.map(formatProblem).join("; ");
  if (!(value instanceof Error)) return value;
  const cause = value.cause instanceof Error ? value.cause.message : undefined;
  return { name: value.name, message: value.message, ...(cause === undefined ? {} : { cause }) };
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, then) => {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
};
