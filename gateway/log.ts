import { createRedactor } from "../schemas/secrets.ts";
import { formatProblem, ProblemError } from "../schemas/problem.ts";
import type { Clock, Log } from "./react/ports.ts";

const redact = createRedactor(process.env);

/** One JSON object a line on stderr, for people with `jq` and for log collectors. */
export const writeLog: Log = (level, message, details = {}) => {
  process.stderr.write(`${redact(logLine(new Date().toISOString(), level, message, details))}\n`);
};

/** `at`: RFC 3339, UTC. */
export function logLine(at: string, ...[level, message, details = {}]: Parameters<Log>): string {
  return JSON.stringify({ at, level, message, ...details }, (_, value: unknown) => readable(value));
}

/** Names that the language gives. An error that the project throws on purpose has a class, and so a name, of its own. */
const unforeseen = new Set(["Error", "TypeError", "RangeError", "ReferenceError", "SyntaxError", "URIError"]);

/** Errors say what happened and why; stacks only of those that nobody foresaw. */
function readable(value: unknown): unknown {
  if (value instanceof ProblemError) return value.problems.map(formatProblem).join("; ");
  if (!(value instanceof Error)) return value;
  const cause = value.cause instanceof Error ? value.cause.message : undefined;
  return {
    name: value.name,
    message: value.message,
    ...(cause === undefined ? {} : { cause }),
    ...(unforeseen.has(value.name) ? { stack: value.stack } : {}),
  };
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, then) => {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
};
