import { oneLine } from "../../../../schemas/plain-text.ts";
import { fail } from "../../../../schemas/problem.ts";
import { withoutSecrets } from "../../../../schemas/secrets.ts";
import { textIn } from "../../core/json-fields.ts";
import { OutsideError } from "../../core/ports.ts";
import { networkReason } from "../network-reason.ts";

/** Who is asked, and as whom. */
export interface Server {
  /** For messages. */
  readonly host: string;
  readonly token: string | null;
}

const making = "`argocd account generate-token`";

/** A token as it can be sent; null where none is set. Throws a ProblemError where it must not be sent to this address. */
export function tokenFor(address: string, given: string | undefined): string | null {
  const token = given?.trim() ?? "";
  if (token === "") return null;
  if (/[^\x21-\x7e]/.test(token)) {
    return fail({
      code: "argocd-token-malformed",
      message: "ARGOCD_AUTH_TOKEN holds characters that a token cannot have",
      hint: "copy it again, without line breaks and quotes",
    });
  }
  const { protocol, hostname, host } = new URL(address);
  if (protocol === "https:" || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)) return token;
  return fail({
    code: "argocd-unencrypted",
    message: `Argo CD at ${host} is named by http: ARGOCD_AUTH_TOKEN does not go over a network in the clear`,
    hint: "name it by https in spec.addresses.argocd of the environment",
  });
}

/** Throws what people can read of a reply that is no success. 5xx and rate limits pass. */
export function raise(status: number, body: unknown, server: Server): never {
  const { host, token } = server;
  const words = quoted(body, server);
  if (status === 401) {
    const set = token === null ? "ARGOCD_AUTH_TOKEN is not set" : "does not take ARGOCD_AUTH_TOKEN";
    return fail({
      code: "argocd-unauthorized",
      message: `Argo CD at ${host} ${token === null ? `asks who you are, and ${set}` : set}${words}`,
      hint: `set ARGOCD_AUTH_TOKEN to what ${making} prints for an account that may \`applications, get\``,
    });
  }
  if (status === 403) {
    return fail({
      code: "argocd-forbidden",
      message: `Argo CD at ${host} does not allow it${words}`,
      hint: `let the account of ARGOCD_AUTH_TOKEN \`applications, get\` in the project's role, or take the token of another (${making})`,
    });
  }
  if (status >= 300 && status < 400) return notArgoCd(`${host} sends the call elsewhere (${status})`);
  if (status === 404) return notArgoCd(`${host} does not know Argo CD's API (404)`);
  if (status === 429 || status >= 500) throw passing(`Argo CD at ${host} answers with ${status}${words}`);
  return fail({
    code: "argocd-refused",
    message: `Argo CD at ${host} answers with ${status}${words}`,
    hint: "the log of argocd-server says more",
  });
}

/** Something else answers: a login page, a proxy, another server. */
export function notArgoCd(message: string): never {
  return fail({
    code: "argocd-not-there",
    message,
    hint:
      "correct spec.addresses.argocd of the environment: the https address of argocd-server itself, with its path where it has " +
      "one; a page to log in on, before it, lets no token through",
  });
}

/** No answer came. A certificate that is not trusted will not be next time either. */
export function unreachable(error: unknown, { host }: Server): OutsideError {
  const reason = networkReason(error) ?? "the answer broke off";
  if (reason.startsWith("its certificate")) {
    return fail({
      code: "argocd-certificate",
      message: `Argo CD at ${host}: ${reason}`,
      hint: "set NODE_EXTRA_CA_CERTS to the file of the certificate, or of the authority, that it is signed with",
    });
  }
  return passing(`Argo CD at ${host} cannot be reached: ${reason}`, error);
}

function passing(message: string, cause?: unknown): OutsideError {
  return new OutsideError(message, { retryable: true, hint: "try again", cause });
}

/** What Argo CD says (`{"error": ..., "code": 7, "message": ...}`), in brackets: one line, without the token. */
function quoted(body: unknown, { token }: Server): string {
  const message = textIn(body, "message") ?? textIn(body, "error") ?? "";
  const line = oneLine(withoutSecrets(message, token === null ? [] : [token]), 300);
  return line === "" ? "" : ` (${line})`;
}
