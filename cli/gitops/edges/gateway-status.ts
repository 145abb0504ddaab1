import { gatewayStatusOf, type GatewayAnswer } from "../core/gateway-status.ts";

/** A gateway that takes longer is as good as away for somebody who looks. */
const timeoutMs = 3000;

/** Asks a gateway for its `/status`. Never throws: one that gives no answer that could be read is told as such. */
export async function readGatewayStatus(address: string): Promise<GatewayAnswer> {
  try {
    const response = await fetch(`${address.replace(/\/+$/, "")}/status`, { signal: AbortSignal.timeout(timeoutMs) });
    if (!response.ok) return { error: `it answers with ${response.status}` };
    const text = await response.text();
    return gatewayStatusOf(jsonOf(text));
  } catch (error) {
    const late = error instanceof Error && error.name === "TimeoutError";
    return { error: late ? `no answer within ${timeoutMs / 1000} s` : "it cannot be reached" };
  }
}

/** undefined for a page that is no JSON: another server's. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
