/** The hub's repository as a server that only speaks git, over a line that a test can act on before and after each request. */
import { appendFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ForgeFault } from "../../../cli/demo/forge/fault.ts";
import { faultReply } from "../../../cli/demo/forge/fault-reply.ts";
import type { ForgeHook } from "../../../cli/demo/forge/api.ts";
import type { Forge } from "../../../cli/gitops/core/ports.ts";
import { credentialsFor } from "../../../cli/gitops/edges/git-remote/address.ts";
import { createGitRemote } from "../../../cli/gitops/edges/git-remote/git-remote.ts";
import { token, type Hub } from "./hub.ts";

/** The way to a server, which a test watches and disturbs. */
export interface Wire {
  /** How many requests were made so far. */
  readonly made: number;
  hook: ForgeHook | undefined;
  replyHook: ForgeHook | undefined;
  /** `agent`: in whose name it makes its requests; `timeoutMs`: of each. */
  forge(options: { readonly agent: string; readonly timeoutMs?: number }): Forge;
  /** Without hooks, and without what was fetched over it: as on a machine that has not seen the repository. */
  forget(): void;
}

/** To GitHub's API. */
export function apiWire(hub: Hub): Wire {
  return {
    get made() {
      return hub.server.calls.length;
    },
    get hook() {
      return hub.hook;
    },
    set hook(hook) {
      hub.hook = hook;
    },
    get replyHook() {
      return hub.replyHook;
    },
    set replyHook(hook) {
      hub.replyHook = hook;
    },
    forge: ({ agent, timeoutMs }) =>
      hub.client({ userAgent: agent, ...(timeoutMs === undefined ? {} : { timeoutMs }) }),
    forget() {
      hub.hook = undefined;
      hub.replyHook = undefined;
    },
  };
}

/** git's own http requests. Each agent has clones of its own, so what one fetches does not depend on who else is at work. */
export function openGitLine(hub: Hub): Wire & AsyncDisposable {
  const target = new URL(hub.server.cloneUrl);
  const clones = join(hub.directory, "clones");
  // Tests look into the repository themselves, and nothing may pack it meanwhile.
  appendFileSync(join(hub.server.gitDir, "config"), "[receive]\n\tautogc = false\n");
  let made = 0;
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, idleTimeout: 0, fetch: serve });

  async function serve(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    const [, agent = "", path = ""] = /^\/([^/]+)(\/.*)$/.exec(pathname) ?? [];
    const bytes = await request.bytes();
    const body = new TextDecoder("latin1").decode(bytes.subarray(0, 2000));
    const operation = `git ${path.split("/").at(-1)}`;
    const call = { index: made++, method: request.method, path: path + search, operation, body, agent };
    let reply: Response | null = null;
    try {
      await line.hook?.(call);
      const init = { method: request.method, headers: request.headers, decompress: false };
      const answered = await fetch(target.origin + call.path, bytes.length === 0 ? init : { ...init, body: bytes });
      const { status, headers } = answered;
      reply = new Response(await answered.arrayBuffer(), { status, headers });
      await line.replyHook?.(call);
      return reply;
    } catch (error) {
      if (error instanceof ForgeFault) return faultReply(error.fault, reply);
      throw error;
    }
  }

  const line: Wire & AsyncDisposable = {
    get made() {
      return made;
    },
    hook: undefined,
    replyHook: undefined,
    forge({ agent, timeoutMs }) {
      const address = `http://127.0.0.1:${server.port}/${agent}${target.pathname}`;
      const { PATH = "" } = process.env;
      const env = { PATH, HOME: hub.directory, GIT_CONFIG_NOSYSTEM: "1", MMSP_GIT_TOKEN: token };
      return createGitRemote({
        address,
        baseBranch: "main",
        cacheFolder: join(clones, agent),
        ...credentialsFor(address, env),
        env,
        identity: { name: "Grace", email: "grace@example.com" },
        timeoutMs,
      });
    },
    forget() {
      line.hook = undefined;
      line.replyHook = undefined;
      rmSync(clones, { recursive: true, force: true });
    },
    [Symbol.asyncDispose]: () => server.stop(true),
  };
  return line;
}
