import type { ArgoCd } from "../../core/argocd-port.ts";
import { applicationsOf, applicationStateOf, listedFields } from "../../core/argocd-replies.ts";
import { boundedText } from "../bounded-text.ts";
import { notArgoCd, raise, tokenFor, unreachable, type Server } from "./faults.ts";

interface ArgoCdOptions {
  readonly userAgent: string;
  /** Of a call. One that lets Argo CD look at git first takes some seconds; where it takes longer, Argo CD goes on all the same. */
  readonly timeoutMs?: number;
}

type Query = Readonly<Record<string, string>>;

/**
 * Argo CD's REST API below an address, asked with the variable of its own command line, ARGOCD_AUTH_TOKEN; without one as
 * nobody, which some servers answer. Throws a ProblemError where the token must not be sent there; calls nothing yet.
 */
export function createArgoCd(
  address: string,
  env: Readonly<Record<string, string | undefined>>,
  { userAgent, timeoutMs = 15_000 }: ArgoCdOptions,
): ArgoCd {
  const base = address.replace(/\/+$/, "");
  const server: Server = { host: new URL(base).host, token: tokenFor(base, env["ARGOCD_AUTH_TOKEN"]) };
  const authorization: Record<string, string> =
    server.token === null ? {} : { authorization: `Bearer ${server.token}` };
  const headers = { accept: "application/json", "user-agent": userAgent, ...authorization };

  async function get(path: string, query: Query): Promise<{ readonly status: number; readonly body: unknown }> {
    const url = `${base}/api/v1/${path}?${new URLSearchParams(query).toString()}`;
    try {
      // Followed, a redirect would take the token along, or end at a page to log in on.
      const init = { headers, redirect: "manual", signal: AbortSignal.timeout(timeoutMs) } as const;
      const response = await fetch(url, init);
      return { status: response.status, body: jsonOf(await boundedText(response)) };
    } catch (error) {
      throw unreachable(error, server);
    }
  }

  return {
    async applications() {
      const { status, body } = await get("applications", { fields: listedFields });
      if (status !== 200) raise(status, body, server);
      return applicationsOf(body) ?? notArgoCd(`${server.host} answers, but not as Argo CD does`);
    },
    async state({ name, namespace, project }, refresh) {
      // With its project, one that is gone is 404 and not 403.
      const query = { appNamespace: namespace, project, ...(refresh ? { refresh: "normal" } : {}) };
      const { status, body } = await get(`applications/${encodeURIComponent(name)}`, query);
      if (status === 404) return null;
      if (status !== 200) raise(status, body, server);
      return applicationStateOf(body) ?? notArgoCd(`${server.host} answers, but not as Argo CD does`);
    },
    pageOf: ({ name, namespace }) => `${base}/applications/${namespace === "" ? "" : `${namespace}/`}${name}`,
  };
}

/** undefined for a page that is no JSON. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
