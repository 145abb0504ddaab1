import { ProblemError, type Problem } from "../../../schemas/problem.ts";
import { readInputFile } from "./input-file.ts";

/** They go into a manifest that people review. */
const maxMetricsBytes = 64 * 1024;

/**
 * Metrics of a model: a JSON object of name -> finite number, in the order of the file. Stops with a Problem for each entry
 * that is anything else, and where the file is missing, too large or not such an object.
 */
export async function readMetrics(path: string): Promise<Readonly<Record<string, number>>> {
  const bytes = await readInputFile(path, { what: "metrics", maxBytes: maxMetricsBytes });
  const value = parse(path, new TextDecoder().decode(bytes));
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ProblemError([{ code: "metrics-not-object", file: path, message: "is no JSON object", hint: example }]);
  }
  const entries = Object.entries(value).map(([name, metric]: [string, unknown]) => [name, metric] as const);
  const problems = entries.flatMap(([name, metric]) => problemsOf(path, name, metric));
  if (problems.length > 0) throw new ProblemError(problems);
  return Object.fromEntries(entries.map(([name, metric]) => [name, Number(metric)]));
}

const example = 'write it as {"accuracy": 0.97, "auc": 0.99}';

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    // Python's json writes these three, which JSON does not have; worth telling apart from a slip of the keyboard.
    const bare = /"((?:[^"\\]|\\.)*)"\s*:\s*(-?Infinity|NaN)\b/.exec(text);
    const [, path, value] = bare ?? [];
    const reason = cause instanceof Error ? cause.message : String(cause);
    const problem: Problem =
      path === undefined || value === undefined
        ? { code: "metrics-not-json", file, message: `is not JSON: ${reason}`, hint: example }
        : { code: "metric-not-number", file, path, message: `is ${value}, not a finite number`, hint: omit };
    throw new ProblemError([problem], { cause });
  }
}

const omit = "leave the metric out, or give it a number";

function problemsOf(file: string, name: string, metric: unknown): Problem[] {
  if (!/^\P{Cc}{1,128}$/u.test(name)) {
    const message = `the name ${JSON.stringify(name.slice(0, 40))} is not one line of 1 to 128 characters`;
    return [{ code: "metric-name", file, message, hint: "give the metric a short name" }];
  }
  const problem = { code: "metric-not-number", file, path: name };
  if (typeof metric === "number") {
    return Number.isFinite(metric) ? [] : [{ ...problem, message: "is too large for a number", hint: omit }];
  }
  if (typeof metric === "string")
    return [{ ...problem, message: "is a string, not a number", hint: "remove the quotes" }];
  if (typeof metric === "object" && metric !== null) {
    const hint = `flatten it, such as "${name}_mean": 0.97`;
    return [{ ...problem, message: `is ${Array.isArray(metric) ? "a list" : "an object"}, not a number`, hint }];
  }
  return [{ ...problem, message: `is ${String(metric)}, not a number`, hint: omit }];
}
