/** One API call from the request to the reply: recorded, handed to the hook, then served. */
import { findAppRoute, serveApp } from "./apps/routes.ts";
import { ForgeFault, Refusal } from "./fault.ts";
import { faultReply } from "./fault-reply.ts";
import type { GraphQLRequest } from "./graphql/serve.ts";
import { settleAutoMerges } from "./pulls/auto-merge.ts";
import { followBranches } from "./pulls/follow.ts";
import { findRoute, refusalReply, serveRest } from "./rest/serve.ts";
import type { RestReply } from "./rest/router.ts";
import { authenticate, type ForgeUser } from "./users.ts";
import { REPOSITORY_ID, type World } from "./world.ts";

export interface ForgeCall {
  /** 0 for the first call that the server got. */
  readonly index: number;
  readonly method: string;
  /** With the query, as it was sent. */
  readonly path: string;
  /** The route's template, `POST /repos/{owner}/{repo}/pulls`, or `graphql` and the fields at the root. */
  readonly operation: string;
  readonly body: unknown;
}

export type ForgeHook = (call: ForgeCall) => void | Promise<void>;

export interface Api {
  readonly calls: readonly ForgeCall[];
  serve(request: Request): Promise<Response>;
  /** Lets pull requests see a push that has just happened. */
  follow(): Promise<void>;
}

const REST = "/api/v3";
const GRAPHQL = "/api/graphql";

export function isApiRequest(path: string): boolean {
  return path === GRAPHQL || path === REST || path.startsWith(`${REST}/`);
}

interface PreparedCall {
  readonly operation: string;
  /** Whether it is one of GitHub's REST calls, whose replies are described. */
  readonly isDescribed?: boolean;
  readonly writes: boolean;
  serve(user: ForgeUser | null): Promise<RestReply>;
}

/** Throws where a REST reply is not as GitHub describes it. */
export type ReplyCheck = (reply: {
  /** The route's template, `GET /repos/{owner}/{repo}`. */
  readonly operation: string;
  readonly status: number;
  readonly body: unknown;
}) => void;

export interface ForgeHooks {
  readonly before: ForgeHook | undefined;
  readonly after: ForgeHook | undefined;
  readonly check: ReplyCheck | undefined;
}

export function createApi(world: World, hooks: ForgeHooks): Api {
  const calls: ForgeCall[] = [];
  const exclusively = createQueue();

  async function answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const body = await readBody(request);
    const prepared = await prepare(world, request, url, body).catch((error) => refused(request, url, error));
    const path = `${url.pathname}${url.search}`;
    const call = { index: calls.length, method: request.method, path, operation: prepared.operation, body };
    calls.push(call);
    let reply: Response | null = null;
    try {
      await hooks.before?.(call);
      const answered = await take(prepared, request).catch(refusedReply);
      if (prepared.isDescribed) hooks.check?.({ operation: prepared.operation, ...answered, body: answered.body });
      reply = conditional(request, answered);
      await hooks.after?.(call);
      return reply;
    } catch (error) {
      if (error instanceof ForgeFault) return faultReply(error.fault, reply);
      throw error;
    }
  }

  async function take(prepared: PreparedCall, request: Request): Promise<RestReply> {
    world.app?.expire(world.now());
    const user = authenticate(world, request.headers.get("authorization"));
    // A call sees what pushes and the hook did before it, and a write sees nothing of another write half done.
    if (prepared.writes) {
      return exclusively(async () => {
        await followBranches(world);
        const reply = await prepared.serve(user);
        await settleAutoMerges(world);
        return reply;
      });
    }
    await exclusively(() => catchUp(world));
    return prepared.serve(user);
  }

  return {
    calls,
    follow: () => exclusively(() => catchUp(world)),
    serve: answer,
  };
}

/** After what was pushed: a push may also have brought a branch up to date that waits to be merged. */
async function catchUp(world: World): Promise<void> {
  await followBranches(world);
  await settleAutoMerges(world);
}

function refusedReply(error: unknown): RestReply {
  if (error instanceof Refusal) return refusalReply(error);
  throw error;
}

/** The body's JSON; a text that is none as it is, for the call's record. */
async function readBody(request: Request): Promise<unknown> {
  const text = await request.text();
  if (text === "") return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** A call that cannot be understood is recorded and shown to the hook like any other, and then refused. */
function refused(request: Request, url: URL, error: unknown): PreparedCall {
  return { operation: `${request.method} ${url.pathname}`, writes: false, serve: () => Promise.reject(error) };
}

/** Finds out what a call is, before the hook and before anything happens. */
async function prepare(world: World, request: Request, url: URL, body: unknown): Promise<PreparedCall> {
  // Every body that GitHub takes is an object.
  if (body !== undefined && (typeof body !== "object" || body === null)) {
    throw new Refusal("bad-request", "Problems parsing JSON");
  }
  if (url.pathname === GRAPHQL) return prepareGraphQL(world, request, body);
  const path = ownPath(world, url.pathname.slice(REST.length) || "/");
  const asApp = findAppRoute(request.method, path);
  if (asApp !== null) {
    const authorization = request.headers.get("authorization");
    return {
      operation: `${request.method} ${asApp.route.template}`,
      isDescribed: true,
      writes: false,
      serve: async () => serveApp(asApp, { world, authorization, body }),
    };
  }
  const matched = findRoute(request.method, path);
  const accept = request.headers.get("accept") ?? "";
  return {
    operation: `${request.method} ${matched?.route.template ?? path}`,
    isDescribed: matched !== null,
    writes: matched?.route.access === "write",
    serve: (user) => serveRest(world, user, { method: request.method, path, url, accept, body }, matched),
  };
}

/** By its number the repository is found whatever it is called; the routes go by name. */
function ownPath(world: World, path: string): string {
  const [byNumber, rest] = /^\/repositories\/(\d+)(?=\/|$)(.*)$/.exec(path)?.slice(1) ?? [];
  return byNumber === String(REPOSITORY_ID) ? `/repos/${world.owner}/${world.repo}${rest ?? ""}` : path;
}

async function prepareGraphQL(world: World, request: Request, body: unknown): Promise<PreparedCall> {
  if (request.method !== "POST") throw new Refusal("not-found", "Not Found");
  // GitHub's schema is large: a server that gets no GraphQL call should not pay for it.
  const graphql = await import("./graphql/serve.ts");
  const parsed: GraphQLRequest = graphql.readRequest(body);
  return {
    operation: graphql.operationName(parsed),
    writes: graphql.isMutation(parsed),
    serve: async (user) => {
      if (!user) throw new Refusal("unauthenticated", "Bad credentials");
      return graphql.serveGraphQL({ world, user }, parsed);
    },
  };
}

/** A reply with its ETag; without its body where the caller has that very one already. */
function conditional(request: Request, reply: RestReply): Response {
  if (request.method !== "GET" || reply.status !== 200 || reply.body === undefined) return toResponse(reply);
  const bytes = reply.body instanceof Uint8Array ? reply.body : JSON.stringify(reply.body);
  const etag = `W/"${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}"`;
  const headers = { ...reply.headers, etag };
  if (request.headers.get("if-none-match") === etag) return toResponse({ status: 304, headers });
  return toResponse({ ...reply, headers });
}

function toResponse({ status, body, headers }: RestReply): Response {
  const common = { "x-github-media-type": "github.v3; format=json", ...headers };
  if (body === undefined) return new Response(null, { status, headers: common });
  if (body instanceof Uint8Array) return new Response(Buffer.from(body), { status, headers: common });
  return Response.json(body, { status, headers: { "content-type": "application/json; charset=utf-8", ...common } });
}

/** Runs what it is given one after the other. */
function createQueue(): <Result>(run: () => Promise<Result>) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve();
  return (run) => {
    const result = last.then(run);
    last = result.catch(() => undefined);
    return result;
  };
}
