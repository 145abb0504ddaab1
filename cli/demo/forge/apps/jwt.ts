/** The JSON Web Token that a GitHub App signs its own calls with: RS256, at most ten minutes long. */
import { verify, type KeyObject } from "node:crypto";

/** GitHub's longest life of such a token, and how far clocks may be apart, in seconds. */
const longest = 600;
const leeway = 60;

export type CheckedJwt = { readonly issuer: string } | { readonly refusal: string };

/** Who has signed the token, or GitHub's words of refusal. `now` in seconds. The signature is really checked. */
export function checkJwt(token: string, publicKey: KeyObject, now: number): CheckedJwt {
  const [head = "", body = "", signature = ""] = token.split(".");
  const header = decoded(head);
  const claims = decoded(body);
  const signed = verify("sha256", Buffer.from(`${head}.${body}`), publicKey, Buffer.from(signature, "base64url"));
  if (header?.["alg"] !== "RS256" || claims === null || !signed) {
    return { refusal: "A JSON web token could not be decoded" };
  }
  const { iss, iat, exp } = claims;
  if (typeof iat !== "number" || iat > now + leeway) {
    return {
      refusal: "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
    };
  }
  if (typeof exp !== "number" || exp <= now) {
    return {
      refusal:
        "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
    };
  }
  if (exp > now + longest + leeway) return { refusal: "'Expiration time' claim ('exp') is too far in the future" };
  return { issuer: String(iss) };
}

function decoded(part: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
