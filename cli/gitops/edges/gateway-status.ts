import { liveOf, type LiveEnvironment } from "../core/live.ts";

/** A gateway that takes longer is as good as away for somebody who looks. */
const timeoutMs = 3000;

/** Asks a gateway what it serves. One that does not answer is told as such: what git says is worth showing all the same. */
export async function readLive(environment: string, address: string): Promise<LiveEnvironment> {
  const silent = { environment, address, revision: null, models: [] };
  try {
    const response = await fetch(`${address.replace(/\/+$/, "")}/status`, { signal: AbortSignal.timeout(timeoutMs) });
    if (!response.ok) return { ...silent, error: `it answers with ${response.status}` };
    return liveOf(environment, address, await response.json());
  } catch (error) {
    const late = error instanceof Error && error.name === "TimeoutError";
    return { ...silent, error: late ? `no answer within ${timeoutMs / 1000} s` : "it cannot be reached" };
  }
}
