import type { Seen } from "./facts.ts";

/** One point that mmsp needs of a repository. */
export interface Finding {
  /** Stable, for programs. */
  readonly code: string;
  readonly state: "ok" | "missing" | "unknown";
  /** Without it mmsp does not work, or what it promises does not hold. */
  readonly isRequired: boolean;
  readonly says: string;
  /** What to do next; null where it is well. */
  readonly hint: string | null;
}

export function ok(code: string, says: string, isRequired = true): Finding {
  return { code, state: "ok", isRequired, says, hint: null };
}

export function missing(code: string, says: string, hint: string, isRequired = true): Finding {
  return { code, state: "missing", isRequired, says, hint };
}

export function unknown(code: string, says: string, hint: string, isRequired = true): Finding {
  return { code, state: "unknown", isRequired, says, hint };
}

interface Question {
  readonly code: string;
  readonly yes: string;
  readonly no: string;
  readonly hint: string;
  readonly isRequired: boolean;
}

/** A point that either holds or not. */
export function yesOrNo(seen: Seen<boolean>, { code, yes, no, hint, isRequired }: Question): Finding {
  if (seen.kind === "hidden")
    return unknown(code, "the token may not see this rule", `look yourself: ${hint}`, isRequired);
  return seen.value ? ok(code, yes, isRequired) : missing(code, no, hint, isRequired);
}
