/**
 * A GitHub API server over a real bare git repository: REST at `/api/v3`, GraphQL at `/api/graphql` (where Octokit
 * looks for a GitHub Enterprise server), and git itself at `/<owner>/<repo>.git`. `mmsp demo` and the tests run on it.
 *
 * Merges, diffs and refs are git's own. What is not implemented answers 501 and names what is missing.
 */
import { join } from "node:path";
import { createAppStore, type ForgeApp } from "./apps/store.ts";
import { createApi, isApiRequest, type ForgeCall, type ForgeHook, type ReplyCheck } from "./api.ts";
import { createCheckRunStore } from "./checks/runs.ts";
import { createStatusStore } from "./checks/store.ts";
import { openRepository } from "./git/repository.ts";
import { createPullStore } from "./pulls/store.ts";
import { createSettings, type RepositorySettings } from "./settings.ts";
import { isGitRequest, serveGit } from "./smart-http.ts";
import { DEMO_USERS, type ForgeUser } from "./users.ts";
import type { World } from "./world.ts";

// This file is the forge's one door: who starts a server needs no other.
export type { ForgeCall, ReplyCheck } from "./api.ts";
export { ForgeFault } from "./fault.ts";
export type { BranchRules } from "./rules/rules.ts";
export { DEMO_TOKEN, type ForgeUser } from "./users.ts";

export interface ForgeOptions {
  /** A folder of the server's own; the repository is `<directory>/<owner>/<repo>.git`, made when it is not there. */
  readonly directory: string;
  readonly owner: string;
  readonly repo: string;
  /** On 127.0.0.1. Any free one by default. */
  readonly port?: number;
  /** Who may call, by token. By default one admin, whose token is `DEMO_TOKEN`. */
  readonly users?: Readonly<Record<string, ForgeUser>>;
  /** A GitHub App: who holds its private key gets tokens. None by default. */
  readonly app?: ForgeApp;
  /** Whether clone and fetch need a token, as for a private repository. They do not by default. */
  readonly privateReads?: boolean;
  /** Awaited before each API call takes effect. It may move a branch, wait, or throw a `ForgeFault`. */
  readonly hook?: ForgeHook;
  /** The same after the call took effect, before its reply goes out. */
  readonly replyHook?: ForgeHook;
  /** Of every REST reply of the server's own. What it throws becomes the reply, with status 500. */
  readonly check?: ReplyCheck;
  readonly now?: () => Date;
}

export interface Forge {
  /** Octokit's `baseUrl`. */
  readonly apiUrl: string;
  readonly cloneUrl: string;
  readonly gitDir: string;
  /** To be changed at any time. */
  readonly settings: RepositorySettings;
  /** Every API call that was served, in order. */
  readonly calls: readonly ForgeCall[];
  /** Forgets the pull requests, as a repository that was made anew: for tests that set the branches back themselves. */
  forget(): void;
  /** Ends the tokens that the App was given, before their time. */
  revokeTokens(): void;
  stop(): Promise<void>;
}

const MAX_REQUEST_BYTES = 1024 ** 3;

/** Starts a server. It answers when this resolves; `stop` frees the port and ends its git process. */
export async function startForge(options: ForgeOptions): Promise<Forge> {
  const { owner, repo, now = () => new Date() } = options;
  const repository = await openRepository(join(options.directory, owner, `${repo}.git`));
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: options.port ?? 0,
    // A hook may hold a call for as long as it likes.
    idleTimeout: 0,
    maxRequestBodySize: MAX_REQUEST_BYTES,
    fetch: (request) => serve(request),
  });
  const users = { ...(options.users ?? DEMO_USERS) };
  const settings = createSettings(repo);
  const origin = `http://127.0.0.1:${server.port}`;
  const world: World = {
    owner,
    get repo() {
      return settings.name;
    },
    settings,
    repository,
    pulls: createPullStore(),
    statuses: createStatusStore(),
    checkRuns: createCheckRunStore(),
    users,
    app: options.app === undefined ? null : createAppStore(options.app, users),
    signed: new Set(),
    origin,
    apiUrl: `${origin}/api/v3`,
    createdAt: now(),
    now,
  };
  const api = createApi(world, { before: options.hook, after: options.replyHook, check: options.check });

  async function serve(request: Request): Promise<Response> {
    const path = new URL(request.url).pathname;
    try {
      if (isApiRequest(path)) return await api.serve(request);
      if (!isGitRequest(path)) return new Response("Not Found\n", { status: 404 });
      const access = { privateReads: options.privateReads ?? false };
      const response = await serveGit(world, access, request);
      await api.follow();
      return response;
    } catch (error) {
      const message = `The demo forge failed: ${error instanceof Error ? error.message : String(error)}`;
      return Response.json({ message }, { status: 500 });
    }
  }

  return {
    apiUrl: world.apiUrl,
    cloneUrl: `${origin}/${owner}/${repo}.git`,
    gitDir: repository.gitDir,
    settings,
    calls: api.calls,
    forget: () => world.pulls.clear(),
    revokeTokens: () => world.app?.revoke(),
    async stop() {
      await server.stop(true);
      await repository.close();
    },
  };
}
