import type { Reply } from "./reply.ts";
import { clean, readReply } from "./reply.ts";
import type { Features } from "./row.ts";
import type { Sticky } from "./sticky.ts";

export interface Request {
  readonly url: string;
  /** Null: the body names none, and the gateway takes its only one. */
  readonly model: string | null;
  readonly features: Features;
  readonly sticky: Sticky | null;
  /** Number of the request, for the sticky header. */
  readonly k: number;
  readonly signal: AbortSignal;
}

export type Outcome =
  | { readonly kind: "replied"; readonly reply: Reply }
  /** No connection, a connection that broke, or an abort. */
  | { readonly kind: "broke"; readonly message: string };

/** Sends one request and reads its answer to the end. Never throws. */
export async function exchange({ url, model, features, sticky, k, signal }: Request): Promise<Outcome> {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (sticky !== null) headers[sticky.header] = sticky.value(k);
  const body = JSON.stringify(model === null ? { features } : { model, features });
  try {
    // A redirect would send the load to somebody else.
    const response = await fetch(url, { method: "POST", headers, body, redirect: "manual", signal });
    return { kind: "replied", reply: readReply(response.status, response.headers, await response.text()) };
  } catch (error) {
    return { kind: "broke", message: clean(error instanceof Error ? error.message : String(error)) };
  }
}
