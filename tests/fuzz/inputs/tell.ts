import { say } from "../job.ts";
import type { InputCase } from "./exchange.ts";

/** More failures than these are counted, but not told. */
export const mostTold = 20;

export function playsAgain(seed: number): string {
  return `bun run fuzz --only inputs --seed ${seed} plays it`;
}

/** How many were played, how fast, and what was answered how often. */
export function sayPace(
  what: string,
  played: number,
  ms: number,
  statuses: ReadonlyMap<string | number, number> = new Map(),
): void {
  const answers = [...statuses]
    .toSorted(([one], [other]) => String(one).localeCompare(String(other), "en", { numeric: true }))
    .map(([status, count]) => `${status}: ${count}`);
  const pace = `${played} ${what} in ${(ms / 1000).toFixed(0)} s, ${((played * 1000) / ms).toFixed(0)} a second`;
  say(answers.length === 0 ? pace : `${pace}; ${answers.join(", ")}`);
}

/** A case as a person could send it again. */
export function describeCase({ kind, message, leavesAfterMs }: InputCase): string {
  const { method, path, headers, body } = message;
  const bytes = body === null ? "" : typeof body === "string" ? JSON.stringify(body) : `0x${body.toHex()}`;
  const leaves = leavesAfterMs === null ? "" : `, leaving after ${leavesAfterMs} ms`;
  const said = [`${method} ${path}`, ...headers.map(([name, value]) => `${name}: ${value}`), bytes];
  return [
    `${kind}${leaves}`,
    ...said.map((line) => `    ${line.length > 2000 ? `${line.slice(0, 2000)}… (${line.length})` : line}`),
  ].join("\n");
}
