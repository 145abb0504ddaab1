/** One REST call: who is calling, whether they may, the route, and refusals in REST's words. */
import { refuseUngranted } from "../apps/permissions.ts";
import { notImplemented, Refusal, type RefusalKind } from "../fault.ts";
import { forbiddenMessage, mayWrite, type ForgeUser } from "../users.ts";
import { isServed, type World } from "../world.ts";
import { accountRoutes } from "./account-routes.ts";
import { commentRoutes } from "./comment-routes.ts";
import { contentRoutes } from "./content-routes.ts";
import { objectRoutes } from "./object-routes.ts";
import { pullRoutes } from "./pull-routes.ts";
import { refRoutes } from "./ref-routes.ts";
import { statusRoutes } from "./status-routes.ts";
import { createRouter, type MatchedRoute, type RestReply, type Router } from "./router.ts";

export const findRoute: Router = createRouter([
  ...accountRoutes,
  ...refRoutes,
  ...objectRoutes,
  ...contentRoutes,
  ...pullRoutes,
  ...commentRoutes,
  ...statusRoutes,
]);

const STATUS: Readonly<Record<RefusalKind, number>> = {
  "bad-request": 400,
  unauthenticated: 401,
  forbidden: 403,
  "not-found": 404,
  "not-mergeable": 405,
  conflict: 409,
  stale: 409,
  unprocessable: 422,
  "not-implemented": 501,
};

export interface RestRequest {
  readonly method: string;
  /** Below `/api/v3`. */
  readonly path: string;
  readonly url: URL;
  readonly accept: string;
  readonly body: unknown;
}

/** Answers the call; throws {@link Refusal}. */
export async function serveRest(
  world: World,
  user: ForgeUser | null,
  request: RestRequest,
  matched: MatchedRoute | null,
): Promise<RestReply> {
  if (!user) throw new Refusal("unauthenticated", "Bad credentials");
  refuseOtherRepository(world, request.path);
  if (!matched) throw notImplemented(`${request.method} ${request.path}`);
  const { route, params } = matched;
  if (route.access === "write" && !mayWrite(user)) throw new Refusal("forbidden", forbiddenMessage(user));
  if (route.access === "write") refuseUngranted(user, route.template);
  const call = { world, user, params, url: request.url, accept: request.accept, body: request.body };
  const reply = await route.handle(call);
  if (user.scopes === undefined) return reply;
  return { ...reply, headers: { ...reply.headers, "x-oauth-scopes": user.scopes.join(", ") } };
}

function refuseOtherRepository(world: World, path: string): void {
  const [, owner, repo] = /^\/repos\/([^/]+)\/([^/]+)/.exec(path) ?? [];
  if (owner !== undefined && repo !== undefined && !isServed(world, owner, repo)) {
    throw new Refusal("not-found", "Not Found");
  }
}

/** A refusal as GitHub writes it; one with errors by field is a "Validation Failed". */
export function refusalReply(refusal: Refusal): RestReply {
  const status = STATUS[refusal.kind];
  const errors = refusal.errors.length > 0 ? { errors: refusal.errors } : {};
  const message = refusal.errors.length > 0 ? "Validation Failed" : refusal.message;
  return {
    status,
    body: { message, ...errors, documentation_url: "https://docs.github.com/rest", status: String(status) },
  };
}
