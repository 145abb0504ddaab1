import type { ServingState } from "../core/follow-serving.ts";

/** What an older gateway leaves out. */
const nothing: Partial<ServingState> = { revision: "", cuts: [], problems: [] };

/** How long a gateway may take to answer, in milliseconds. */
const patienceMs = 5000;

/** What a gateway serves now, by its own `/status`; null where it gives no answer that could be read. */
export async function readGatewayState(address: string): Promise<ServingState | null> {
  try {
    const response = await fetch(`${address.replace(/\/+$/, "")}/status`, { signal: AbortSignal.timeout(patienceMs) });
    if (!response.ok) return null;
    const body = (await response.json()) as Partial<ServingState> | null;
    const isStatus = Array.isArray(body?.models) && typeof body.environment === "string";
    return isStatus ? { ...nothing, ...(body as ServingState) } : null;
  } catch {
    // Away, or something else behind that address.
    return null;
  }
}
