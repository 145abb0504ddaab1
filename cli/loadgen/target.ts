import { fail } from "../../schemas/problem.ts";

/** Where `loadgen` sends to when nobody says otherwise: one's own machine. */
export const DEFAULT_GATEWAY = "http://127.0.0.1:8080";

/** The gateway's address without a slash at its end. Throws a ProblemError for anything that is no plain http(s) URL. */
export function parseGateway(text: string): string {
  const url = URL.parse(text);
  const hint = `write it like ${DEFAULT_GATEWAY}`;
  if (url === null) return fail({ code: "gateway-url", message: `"${text}" is no URL`, hint });
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    return fail({
      code: "gateway-url",
      message: `a gateway speaks http or https, not ${url.protocol.slice(0, -1)}`,
      hint,
    });
  }
  if (url.username !== "" || url.password !== "") {
    return fail({
      code: "gateway-url",
      message: "the gateway's URL holds a user name or a password",
      hint: "take it out: other users of the machine can read command lines",
    });
  }
  if (url.search !== "" || url.hash !== "") {
    return fail({ code: "gateway-url", message: "the gateway's URL has a query or a fragment", hint });
  }
  return url.href.replace(/\/+$/, "");
}
