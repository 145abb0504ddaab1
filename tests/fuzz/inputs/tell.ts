import type { InputCase } from "./exchange.ts";

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
