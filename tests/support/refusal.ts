import { expect } from "bun:test";

/** The body of a refusal, as the address's protocol has it: KServe's two have a message alone. */
export function refusalAt(path: string, code: string, says: RegExp): Record<string, unknown> {
  const error: unknown = expect.stringMatching(says);
  return /^\/v[12]\//.test(path) ? { error } : { error, code };
}
