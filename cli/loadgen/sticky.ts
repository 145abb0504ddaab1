import { fail } from "../../schemas/problem.ts";

/** A header that every request carries, so that the gateway can keep a user on one version. */
export interface Sticky {
  readonly header: string;
  /** The header's value for request k. */
  value(k: number): string;
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;
const PRINTABLE = /^[\x20-\x7e]*$/;
const RANGE = /\{(\d{1,9})\.\.(\d{1,9})\}/;
/** These belong to the connection or to the body that is sent. */
const RESERVED = /^(host|connection|content-.*|transfer-encoding|te|trailer|upgrade|expect|keep-alive)$/i;

/**
 * `x-user-id=user-{1..1000}`: a range in braces counts through, one number a request, and begins again at its end;
 * without a range every request carries the same value. Throws a ProblemError.
 */
export function parseSticky(text: string): Sticky {
  const hint = "write it like --sticky x-user-id=user-{1..1000}";
  const at = text.indexOf("=");
  const header = text.slice(0, at).trim().toLowerCase();
  const template = text.slice(at + 1).trim();
  if (at < 1 || template === "") return fail({ code: "sticky", message: `"${text}" is not HEADER=VALUE`, hint });
  if (!TOKEN.test(header)) return fail({ code: "sticky", message: `"${header}" is no name of a header`, hint });
  if (RESERVED.test(header)) return fail({ code: "sticky", message: `the header ${header} cannot be set`, hint });
  if (!PRINTABLE.test(template)) {
    return fail({ code: "sticky", message: `the value of ${header} holds characters that no header may`, hint });
  }
  const range = RANGE.exec(template);
  if (range === null) return { header, value: () => template };
  const first = Number(range[1]);
  const last = Number(range[2]);
  if (last < first) return fail({ code: "sticky", message: `the range ${range[0]} ends before it begins`, hint });
  const before = template.slice(0, range.index);
  const after = template.slice(range.index + range[0].length);
  return { header, value: (k) => `${before}${first + (k % (last - first + 1))}${after}` };
}
