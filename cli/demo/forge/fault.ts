/**
 * How a call is answered with something other than success. A {@link ForgeFault} is what a test or the demo
 * injects; a {@link Refusal} is what GitHub's own rules say, and REST and GraphQL each put it in their words.
 */

/** A reply in the place of the call's own. A text is sent as it is, as a proxy's error page would be; anything else as JSON. */
export interface FaultAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What becomes of a reply on the line: it never comes, the connection is reset before it, or in the middle of it. */
export type LineFault = "silence" | "reset" | "cut";

/** Thrown by a hook: the call is answered with exactly this. It had no effect, or has had it, as the hook runs before or after. */
export class ForgeFault extends Error {
  readonly fault: FaultAnswer | LineFault;

  constructor(fault: FaultAnswer | LineFault) {
    super(`injected fault ${typeof fault === "string" ? fault : fault.status}`);
    this.name = "ForgeFault";
    this.fault = fault;
  }
}

export type RefusalKind =
  | "bad-request"
  | "unauthenticated"
  | "forbidden"
  | "archived"
  | "not-found"
  | "not-mergeable"
  | "conflict"
  | "stale"
  | "unprocessable"
  | "not-implemented";

/** One entry of `errors` in a REST "Validation Failed" reply. */
export interface FieldError {
  readonly resource: string;
  readonly code: "invalid" | "missing_field" | "custom";
  readonly field?: string;
  readonly message?: string;
}

/** What is wrong with the fields of a call, or in a few words. */
type RefusalErrors = readonly FieldError[] | readonly string[];

/** A call that GitHub would refuse, with the reason in GitHub's words. */
export class Refusal extends Error {
  readonly kind: RefusalKind;
  readonly errors: RefusalErrors;

  constructor(kind: RefusalKind, message: string, errors: RefusalErrors = []) {
    super(message);
    this.name = "Refusal";
    this.kind = kind;
    this.errors = errors;
  }
}

/** The refusal for what this server lacks. It names it, so that nobody takes a gap for an answer. */
export function notImplemented(what: string): Refusal {
  return new Refusal("not-implemented", `The demo forge does not implement ${what}.`);
}
