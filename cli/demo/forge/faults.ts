/** The kinds of faults that GitHub and the way to it are known for, by name, and a plan of which call meets which of them. */
import type { ForgeCall, ForgeHook } from "./api.ts";
import { ForgeFault, type FaultAnswer, type LineFault } from "./fault.ts";

const DOCS = "https://docs.github.com/rest";
const message = (text: string) => ({ message: text, documentation_url: DOCS });
const page = (status: number, title: string): FaultAnswer => ({ status, body: `<html><title>${title}</title></html>` });

const SECONDARY =
  "You have exceeded a secondary rate limit and have been temporarily blocked from content creation. Please retry your request again later.";

/** The limit of an hour, used up; it is back in `seconds`. */
function usedUp(seconds: number): Readonly<Record<string, string>> {
  const reset = Math.floor(Date.now() / 1000) + seconds;
  return { "x-ratelimit-limit": "5000", "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(reset) };
}

const PRIMARY = "API rate limit exceeded for user ID 583231.";

/** Made anew each time: some say when the limit is back. */
const KINDS = {
  "primary-limit": () => ({ status: 403, body: message(PRIMARY), headers: usedUp(1) }),
  "primary-limit-for-an-hour": () => ({ status: 403, body: message(PRIMARY), headers: usedUp(3600) }),
  "secondary-limit": () => ({ status: 403, body: message(SECONDARY), headers: { "retry-after": "1" } }),
  "secondary-limit-429": () => ({ status: 429, body: message(SECONDARY) }),
  "graphql-limit": () => ({
    status: 200,
    body: { data: null, errors: [{ type: "RATE_LIMITED", message: PRIMARY }] },
    headers: usedUp(1),
  }),
  "error-500": () => ({ status: 500, body: message("Server Error") }),
  "error-502": () => page(502, "502 Bad Gateway"),
  "error-503": () => ({ ...page(503, "Unicorn!"), headers: { "retry-after": "1" } }),
  "error-504": () => page(504, "504 Gateway Time-out"),
  silence: () => "silence" as const,
  reset: () => "reset" as const,
  cut: () => "cut" as const,
} satisfies Record<string, () => FaultAnswer | LineFault>;

export type FaultKind = keyof typeof KINDS;

export const faultKinds = Object.keys(KINDS) as readonly FaultKind[];

/** The fault of a kind, for a hook to throw. */
export function faultOf(kind: FaultKind): ForgeFault {
  return new ForgeFault(KINDS[kind]());
}

/** Whether a call that has taken effect may be answered so. Limits are looked at before anything is done. */
export function mayComeAfter(kind: FaultKind): boolean {
  return !kind.includes("limit");
}

/** REST says in another way that the limit of an hour is used up. */
function kindFor(call: ForgeCall, kind: FaultKind): FaultKind {
  return kind === "graphql-limit" && !call.operation.startsWith("graphql") ? "primary-limit" : kind;
}

export interface PlannedFault {
  /** Which call it is about, counted from where the plan starts. */
  readonly at: number;
  /** Of the call's effect. After it, the reply is lost and what was done stands. */
  readonly moment: "before" | "after";
  /** A fault that the call is answered with, or something that happens to the repository meanwhile. */
  readonly what: FaultKind | ((call: ForgeCall) => unknown);
  /** The calls after it meet it too. */
  readonly lasting?: boolean;
}

export interface FaultPlan {
  readonly hook: ForgeHook;
  readonly replyHook: ForgeHook;
  /** Whether one of its faults has come about. */
  readonly fired: boolean;
}

/** Hooks that carry the plan out, from the call with index `start` on. */
export function planFaults(faults: readonly PlannedFault[], start = 0): FaultPlan {
  const plan = { fired: false, hook: run("before"), replyHook: run("after") };
  function run(moment: PlannedFault["moment"]): ForgeHook {
    return async (call) => {
      const at = call.index - start;
      for (const fault of faults) {
        if (fault.moment !== moment || at < fault.at || (at > fault.at && fault.lasting !== true)) continue;
        plan.fired = true;
        if (typeof fault.what === "string") throw faultOf(kindFor(call, fault.what));
        await fault.what(call);
      }
    };
  }
  return plan;
}
